/** `workload`: what the clients do, and what the stores hold before. */
import { z } from 'zod';
import { choice, decimalNumber, fields, quantity, ratio, shown, wholeNumber } from '../fields.ts';
import { HOUR, MIB, MILLISECOND, RUN_MAX } from './bounds.ts';

const weight = (doc: string) => ratio(0, 1000, doc).prefault(0);

function valueSchema(doc: string) {
  const size = (doc: string) => quantity('bytes', 0, 64 * MIB, doc);
  return z
    .union(
      [
        size('A fixed size.'),
        fields({ min: size('Smallest.'), max: size('Largest.') }, 'Uniform between two sizes.'),
        fields(
          { mean: quantity('bytes', 1, 64 * MIB, 'Mean before the cut.'), max: size('Cut off here.') },
          'Exponential.',
        ),
      ],
      {
        error: (issue) =>
          `${shown(issue.input)} is not a size; allowed: 1KiB, {min: 100B, max: 4KiB}, {mean: 1KiB, max: 64KiB}`,
      },
    )
    .meta({ description: doc });
}

function preloadSchema() {
  const keys = wholeNumber(0, 1e9, 'Keys that are in every store before the run starts.');
  const mapping = fields(
    {
      keys: keys.optional(),
      bytes: quantity('bytes', 1, 2 ** 50, 'Bytes of their values, instead of their number.').optional(),
      value: valueSchema("Sizes of their values; without it the clients' sizes.").optional(),
      holes: ratio(0, 1, 'Share of them that is deleted again before the run starts.').prefault(0),
      holeKeys: wholeNumber(1, 1e6, 'Neighbouring keys in one hole.').prefault(1),
    },
    'Keys that are in every store before the run starts, with their own sizes and holes.',
  ).refine((preload) => preload.keys !== undefined || preload.bytes !== undefined, {
    error: () => 'says neither how many keys nor how many bytes; allowed: keys or bytes',
  });
  return z
    .union([keys.transform((count) => mapping.parse({ keys: count })), mapping], {
      error: (issue) =>
        `${shown(issue.input)} is not a number of keys; allowed: 100000, {keys: 100000, value: 1KiB, holes: 50 %, holeKeys: 2}, {bytes: 64GiB, value: 4KiB}`,
    })
    .meta({ description: 'Keys that are in every store before the run starts: their number, {keys, …} or {bytes, …}.' })
    .prefault(0);
}

export function workloadSchema() {
  return fields(
    {
      clients: wholeNumber(1, 100_000, 'Sessions; each has one request outstanding.').prefault(100),
      load: z
        .union(
          [
            choice(['closed'], 'Each client sends its next request when it has its answer.', ', or {open: 5000/s}'),
            fields({
              open: quantity(
                'rate',
                1e-3,
                1e9,
                'Requests come at this rate, whether answered or not; latency counts from the intended start.',
              ),
              arrivals: choice(['poisson', 'uniform'], 'How arrivals are spaced.').prefault('poisson'),
            }),
          ],
          { error: (issue) => `${shown(issue.input)} is not a load; allowed: closed, {open: 5000/s}` },
        )
        .meta({ description: 'Closed or open loop.' })
        .prefault('closed'),
      rateLimit: quantity('rate', 1e-3, 1e9, 'Closed loop: at most so many requests over all clients.').optional(),
      mix: fields(
        {
          put: weight('Share of puts.'),
          get: weight('Share of point reads.'),
          delete: weight('Share of deletes.'),
          range: weight('Share of range reads.'),
        },
        'Shares of operations, as weights or percentages; what is not named is 0.',
      ).prefault({ put: 1 }),
      keys: fields(
        {
          order: choice(['sequential', 'uniform', 'zipfian', 'latest'], 'Which key an operation takes.').prefault(
            'uniform',
          ),
          count: wholeNumber(
            1,
            1e9,
            'Number of different keys; without it 100000, or what is preloaded by bytes.',
          ).optional(),
          size: quantity('bytes', 8, 32_768, 'Length of a key.').prefault('16B'),
          zipfianExponent: decimalNumber(0.01, 10, 'zipfian and latest: skew.').prefault(0.99),
        },
        'The keys.',
      ).prefault({}),
      value: valueSchema('Sizes of values: fixed, uniform {min, max} or exponential {mean, max}.').prefault('256B'),
      rangeKeys: wholeNumber(1, 1e6, 'Keys that a range read asks for.').prefault(100),
      reads: choice(
        ['linearizable', 'serializable'],
        'Through ReadIndex or the lease, or from the node as it is.',
      ).prefault('linearizable'),
      target: choice(['leader', 'all'], 'Whom clients talk to.').prefault('leader'),
      timeout: quantity('duration', MILLISECOND, HOUR, 'After which an attempt is given up and tried again.').prefault(
        '5s',
      ),
      backoff: fields(
        {
          initial: quantity('duration', 0, HOUR, 'Before the first retry.').prefault('25ms'),
          max: quantity('duration', 0, HOUR, 'Before any retry.').prefault('1s'),
        },
        'Pause before a retry: doubles, with jitter.',
      ).prefault({}),
      preload: preloadSchema(),
      start: quantity(
        'duration',
        0,
        RUN_MAX,
        'When the clients begin; throughput counts from here. A new cluster elects its first leader within two election timeouts.',
      ).prefault('0s'),
    },
    'What the clients do.',
  );
}
