/** Stacked bars, one for each phase: the sections of the bench's report that show how a total is made up. */
import type { Section } from '../charts/chart.ts';
import { partLegend, type StackBar, type StackPart, stackSpec } from '../charts/stacks.ts';
import { formatFigure, type Unit } from '../format.ts';
import { numberColumn, textColumn } from '../table.ts';

export interface PhaseParts {
  readonly phase: string;
  /** By the names of the parts; a part that is missing is 0. */
  readonly values: Readonly<Record<string, number>>;
}

/** `parts` in stacking order; those that are 0 throughout are left out. Undefined if nothing is left. */
export function stackedSection(
  phases: readonly PhaseParts[],
  parts: readonly StackPart[],
  unit: Unit,
  axisTitle: string,
): Section | undefined {
  const present = parts.filter(({ name }) => phases.some(({ values }) => (values[name] ?? 0) > 0));
  if (present.length === 0) return undefined;
  const bars = phases.map(({ phase, values }, index): StackBar => {
    const mean = present.reduce((sum, { name }) => sum + (values[name] ?? 0), 0);
    return { variant: { name: phase, index, runs: [] }, total: { mean, min: mean, max: mean, count: 1 }, values };
  });
  return {
    panels: [{ spec: stackSpec(bars, present, unit, axisTitle) }],
    legend: partLegend(present),
    table: {
      columns: [textColumn('part'), ...phases.map(({ phase }) => numberColumn(phase))],
      rows: [
        ...present.map(({ name, title }) => [
          title,
          ...phases.map(({ values }) => formatFigure(values[name] ?? 0, unit)),
        ]),
        ['total', ...bars.map(({ total }) => formatFigure(total.mean, unit))],
      ],
    },
  };
}
