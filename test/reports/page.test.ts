import { describe, expect, test } from 'vitest';
import { CHARTS } from '../../reports/charts/index.ts';
import { compareVariants } from '../../reports/comparison.ts';
import { renderReports, renderResultFile } from '../../reports/index.ts';
import { readResultFile, type ScenarioResult, toResultFile } from '../../reports/result-file.ts';
import { drawingRuntime, escapeScript } from '../../reports/runtime.ts';
import { fixture, tinyResult } from './fixture.ts';

const pageOf = async (result: ScenarioResult): Promise<string> => (await renderReports(result))['report.html'];

/** The page without the contents of its scripts and its style sheet: what a browser would load things from. */
function markupOf(page: string): string {
  return page.replace(/(<script[^>]*>)[\s\S]*?<\/script>/g, '$1</script>').replace(/<style>[\s\S]*?<\/style>/g, '');
}

function panelsOf(page: string): { specs: { layer: unknown[] }[]; darkPartners: object; configs: object } {
  return JSON.parse(/<script type="application\/json" id="panels">([\s\S]*?)<\/script>/.exec(page)![1]!);
}

describe('report.html', () => {
  test('holds every section, and a drawing for each panel', async () => {
    const result = fixture();
    const page = await pageOf(result);
    const comparison = compareVariants(toResultFile(result));
    const specs = CHARTS.flatMap((chart) => chart.build(comparison)!.panels.map((panel) => panel.spec));
    for (const chart of CHARTS) {
      expect(page).toContain(`id="${chart.id}"`);
      expect(page).toContain(`href="#${chart.id}"`);
    }
    expect(panelsOf(page).specs).toEqual(JSON.parse(JSON.stringify(specs)));
    const boxes = [...markupOf(page).matchAll(/data-panel="(\d+)"/g)].map((match) => Number(match[1]));
    expect(boxes).toEqual(specs.map((_, index) => index));
  });

  test('loads nothing: no address in the markup or the style, and a policy that forbids it', async () => {
    const page = await pageOf(fixture({ failing: true }));
    const markup = markupOf(page);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
    expect(markup).not.toMatch(/\b(src|srcset|poster|data|action|background)\s*=/i);
    expect([...markup.matchAll(/href="([^"]*)"/g)].every((match) => match[1]!.startsWith('#'))).toBe(true);
    expect(markup).not.toMatch(/<(link|iframe|object|embed|base|img)\b/i);
    expect(style).not.toMatch(/url\(|@import|https?:/i);
    expect(page).toContain('http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;');
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style>'));
    // The specs name their schema, as an identifier; data stands in them.
    expect(JSON.stringify(panelsOf(page).specs)).not.toMatch(/"url":/);
  });

  test('names from a result stay text', async () => {
    const hostile = '</script><img src=x onerror=alert(1)> "quoted" & \u2028';
    const result = tinyResult();
    const page = await pageOf({
      ...result,
      command: hostile,
      scenario: { ...result.scenario, name: hostile, why: hostile, variants: [{ variant: hostile }, { variant: 'b' }] },
      runs: result.runs.map((run) => ({
        ...run,
        variant: run.variant === 'a' ? hostile : 'b',
        violations: [{ check: hostile, what: hostile, timeNs: 1, event: 1, roles: hostile, reproduce: hostile }],
        excused: [
          {
            check: hostile,
            what: hostile,
            timeNs: 1,
            event: 1,
            roles: hostile,
            reproduce: hostile,
            reason: 'no quorum',
            because: hostile,
          },
        ],
        faultWindows: [{ fault: hostile, label: hostile, fromNs: 0, toNs: 1e9 }],
      })),
    });
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)!.length).toBe((await pageOf(tinyResult())).match(/<script/g)!.length);
    expect(JSON.stringify(panelsOf(page).specs)).toContain('onerror');
  });

  test('the drawing code is whole, and can end no script element', async () => {
    const { scripts, licences } = await drawingRuntime();
    expect(scripts.length).toBe(2);
    for (const script of scripts) {
      expect(script.length).toBeGreaterThan(200_000);
      expect(script).not.toMatch(/<\/script|<!--/i);
    }
    expect(licences).toMatch(/vega[\s\S]*Redistribution[\s\S]*vega-lite[\s\S]*Redistribution/);
    expect(escapeScript('a("</script><!--")')).toBe('a("<\\/script><\\!--")');
  });

  test('is smaller than 1.5 MB for two variants and three seeds', async () => {
    expect((await pageOf(fixture())).length).toBeLessThan(1_500_000);
  });
});

describe('all four files', () => {
  test('the same result gives the same bytes, and is left as it was', async () => {
    const result = fixture({ seeds: [1, 2] });
    const before = structuredClone(result);
    expect(await renderReports(result)).toEqual(await renderReports(structuredClone(result)));
    expect(result).toEqual(before);
  });

  test('result.json read back gives the same files', async () => {
    const files = await renderReports(tinyResult());
    const outcome = readResultFile(files['result.json']);
    if ('problems' in outcome) throw new Error(outcome.problems.join('\n'));
    const again = await renderResultFile(outcome.file);
    // The order of JSON fields is not part of the promise.
    expect(JSON.parse(again['result.json'])).toEqual(JSON.parse(files['result.json']));
    expect({ ...again, 'result.json': '' }).toEqual({ ...files, 'result.json': '' });
  });
});
