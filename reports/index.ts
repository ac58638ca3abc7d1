/** Results in, files out. The same result gives the same bytes: no time, no locale, no machine in them. */
import { compareVariants } from './comparison.ts';
import { renderCsv } from './csv.ts';
import { type ExplainedRun, renderPage } from './html/page.ts';
import { renderMarkdown } from './markdown.ts';
import { type ResultFile, type ScenarioResult, toResultFile } from './result-file.ts';
import { drawingRuntime } from './runtime.ts';

export type ReportFiles = Readonly<Record<'report.html' | 'report.md' | 'results.csv' | 'result.json', string>>;

export async function renderReports(
  result: ScenarioResult,
  explained: readonly ExplainedRun[] = [],
): Promise<ReportFiles> {
  return renderResultFile(toResultFile(result), explained);
}

/** From a `result.json` that was read back. */
export async function renderResultFile(
  file: ResultFile,
  explained: readonly ExplainedRun[] = [],
): Promise<ReportFiles> {
  const comparison = compareVariants(file);
  return {
    'report.html': renderPage(comparison, await drawingRuntime(), explained),
    'report.md': renderMarkdown(comparison),
    'results.csv': renderCsv(file),
    'result.json': `${JSON.stringify(file)}\n`,
  };
}

export type { ExplainedRun } from './html/page.ts';
export {
  checkResultFile,
  type ReadOutcome,
  type ResultFile,
  readResultFile,
  type ScenarioResult,
  toResultFile,
} from './result-file.ts';
