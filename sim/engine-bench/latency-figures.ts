/** What of a histogram goes into a result. */
import type { LatencyHistogram } from '../clients/latency-histogram.ts';
import type { LatencyFigures } from './result.ts';

export function latencyFigures(histogram: LatencyHistogram): LatencyFigures {
  const { count, sumNs, maxNs } = histogram;
  const quantile = (p: number): number => (count === 0 ? 0 : histogram.quantile(p));
  return {
    count,
    meanNs: count === 0 ? 0 : sumNs / count,
    p50Ns: quantile(0.5),
    p90Ns: quantile(0.9),
    p99Ns: quantile(0.99),
    p999Ns: quantile(0.999),
    maxNs,
  };
}
