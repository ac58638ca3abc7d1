/** What stands beside the body: name, seeds, variants, expectations, published figures. */
import { z } from 'zod';
import { decimalNumber, fields, listOf, shown, textField } from '../fields.ts';
import { SEEDS_FORMS } from '../seeds.ts';

const assignments = (doc: string, value: z.ZodType) =>
  z
    .record(z.string(), value, {
      error: (issue) =>
        `${shown(issue.input)} is not a mapping; allowed: paths such as cluster.engine, each with its value`,
    })
    .meta({ description: doc });

export function headShape() {
  return {
    name: z
      .string({ error: (issue) => (issue.input === undefined ? 'missing' : `${shown(issue.input)} is not a text`) })
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
        error: (issue) => `${shown(issue.input)} is not a name; allowed: a-z, 0-9 and hyphens, at most 64`,
      })
      .meta({ description: 'Name of the scenario; also of its output folder.' }),
    why: textField('What question this scenario answers.'),
    seeds: z
      .union([z.number(), z.string(), z.array(z.union([z.number(), z.string()]))], {
        error: (issue) => `${shown(issue.input)} is not a seed; allowed: ${SEEDS_FORMS}`,
      })
      .meta({
        description: 'Each variant runs once with each seed: 7, 1..20, or a list of both.',
        examples: [1, '1..20', [1, 5, '10..20']],
      })
      .prefault(1),
    matrix: assignments(
      'Paths of the body, each with the values that it takes in turn; all combinations are run.',
      listOf(z.unknown(), 'Values.', 'values', 1000).min(1, { error: () => 'is empty; allowed: a list of values' }),
    ).prefault({}),
    variants: listOf(
      fields({
        name: textField('Name of the variant.'),
        set: assignments('Paths of the body with their values.', z.unknown()).prefault({}),
      }),
      'Variants by name, each a set of changes to the body.',
      'variants',
      1000,
    ).prefault([]),
    expect: listOf(expectSchema(), 'What must hold in the results.', 'expectations', 1000).prefault([]),
    published: listOf(
      publishedFiguresSchema(),
      'Figures that others measured, shown beside ours.',
      'sources',
      100,
    ).prefault([]),
  };
}

function publishedFiguresSchema() {
  const values = listOf(
    decimalNumber(-Number.MAX_VALUE, Number.MAX_VALUE, 'A figure.'),
    'One for each metric, in the unit of its name.',
    'figures',
    100,
  );
  return fields(
    {
      source: textField('Who measured it, and on what.'),
      metrics: listOf(
        textField('A figure of the results, e.g. latencyMs.put.mean.'),
        'What was measured.',
        'metrics',
        100,
      ),
      rows: listOf(
        fields({ variant: textField("A variant's name, * for any characters."), values }, 'One variant.'),
        'What was measured of each variant.',
        'rows',
        1000,
      ),
    },
    'A table from one source.',
  );
}

function expectSchema() {
  const bound = (doc: string) => decimalNumber(-Number.MAX_VALUE, Number.MAX_VALUE, doc).optional();
  return fields(
    {
      metric: textField('A figure of the results, e.g. writeAmplification.total, latencyMs.put.p99 or violations.'),
      variant: textField("A variant's name, * for any characters; without it every variant.").optional(),
      ratio: listOf(
        textField("A variant's name."),
        'Two variants: the figure is that of the first ÷ that of the second, the mean over equal seeds.',
        'two variants',
        2,
      )
        .length(2, { error: () => 'needs two variants' })
        .optional(),
      max: bound('At most this.'),
      min: bound('At least this.'),
      equals: bound('Exactly this.'),
      why: textField('What mechanism justifies the bound.').optional(),
    },
    'A bound on a figure: in each run, or on the ratio between two variants.',
  );
}
