/** `faults`: listed on a timeline, drawn by a nemesis, or both. */
import { z } from 'zod';
import { ATLASES, CONDITIONS } from '../../sim/run-spec.ts';
import type { Catalogue, FaultEntry } from '../catalogue.ts';
import { byName, choice, decimalNumber, fields, flag, listOf, quantity, shown } from '../fields.ts';
import { parameterShape } from '../parameter-schema.ts';
import { DAY, MILLISECOND, RUN_MAX } from './bounds.ts';

function faultParameters(fault: FaultEntry) {
  const { kinds } = fault;
  if (kinds === undefined) return fields(parameterShape(fault.parameters), fault.summary);
  const { [kinds.by]: _, ...shared } = fault.parameters;
  const options = Object.entries(kinds.parameters).map(([name, specs]) =>
    fields(
      { [kinds.by]: z.literal(name), ...parameterShape(shared), ...parameterShape(specs) },
      `${fault.summary} (${name})`,
    ),
  );
  return byName(kinds.by, Object.keys(kinds.parameters), options).meta({ description: fault.summary });
}

function faultSchema(faults: readonly FaultEntry[]) {
  const instant = (doc: string) => quantity('duration', 0, RUN_MAX, doc).optional();
  const tenants: Record<string, z.ZodType> = {};
  for (const fault of faults) tenants[fault.name] = faultParameters(fault).optional();
  const schema = fields(
    {
      at: instant('When, counted from the start of the run.'),
      when: choice(CONDITIONS, 'Instead of `at`: the first time that this happens.').optional(),
      from: instant('With `when`: not before this time.'),
      after: instant('With `when`: so much later.'),
      for: quantity('duration', 1, RUN_MAX, 'How long; without it until the clients stop.').optional(),
      ...tenants,
    },
    'One fault: when, how long, and what.',
  );
  return schema;
}

/** Kinds with their weights: those that a nemesis can draw. */
function nemesisSchema(catalogue: Catalogue) {
  const kinds = catalogue.faults.filter(({ drawn }) => drawn !== undefined).map(({ name }) => name);
  const weights: Record<string, z.ZodOptional<z.ZodType<number>>> = {};
  for (const name of kinds) weights[name] = decimalNumber(0, 1000, `Weight of ${name}.`).optional();
  return fields(
    {
      from: quantity('duration', 0, RUN_MAX, 'No fault before.').prefault('1s'),
      until: quantity(
        'duration',
        MILLISECOND,
        RUN_MAX,
        'No fault after; by default the end of the clients.',
      ).optional(),
      every: quantity('duration', MILLISECOND, DAY, 'Mean time from one fault to the next.').prefault('1s'),
      for: quantity('duration', MILLISECOND, DAY, 'Mean length of a fault.').prefault('500ms'),
      atlas: choice(
        ATLASES,
        'survivable: within what a correct cluster must survive; beyond: on purpose not, and what goes wrong must have an excuse.',
      ).prefault('survivable'),
      weights: fields(weights, 'Kinds of faults with their relative frequency, in place of the default ones.').prefault(
        {},
      ),
      swarm: flag('Leave whole kinds out, each with probability one half, anew for each seed.').prefault(true),
    },
    'Faults drawn for each seed anew.',
  );
}

const FAULTS_MAX = 10_000;

/** A list is short for a mapping with nothing but `timeline`. */
export function faultsSchema(catalogue: Catalogue) {
  const timeline = listOf(faultSchema(catalogue.faults), 'Faults on a timeline.', 'faults', FAULTS_MAX);
  const mapping = fields(
    { timeline: timeline.prefault([]), nemesis: nemesisSchema(catalogue).optional() },
    'Faults on a timeline, faults that are drawn, or both.',
  );
  return z
    .union([timeline, mapping], {
      error: (issue) =>
        `${shown(issue.input)} is neither a list nor a mapping; allowed: a list of faults, {nemesis: {…}}, {timeline: […], nemesis: {…}}`,
    })
    .meta({ description: 'What goes wrong: a list of faults, or {timeline, nemesis}.' })
    .prefault([]);
}
