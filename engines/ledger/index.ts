/** The `ledger` engine as the registry sees it. */
import type { EngineDefinition, PhaseMeasurement } from '../engine.ts';
import { Ledger } from './ledger.ts';
import { OPTION_SPECS, readOptions } from './options.ts';

export const ledger: EngineDefinition = {
  name: 'ledger',
  summary: 'after LedgerDB: hash-chained journal, Merkle accumulator, versions in a Patricia trie, block commits',
  hasChecksums: true,
  options: OPTION_SPECS,
  maintenance: [
    { name: 'audit', summary: 'derives index, accumulator and commits from the journal again and compares every byte' },
    { name: 'seal', summary: 'commits a block of what is in none yet, so that it can be proved' },
  ],
  bench: {
    phaseEnd: 'close',
    columns: (phase: PhaseMeasurement) => {
      const { writtenBytes, logicalBytes } = phase;
      const growth = (figure: string): number =>
        (phase.after.figures[figure] ?? 0) - (phase.before.figures[figure] ?? 0);
      return {
        journal_bytes: writtenBytes.ledger,
        index_bytes: writtenBytes['ledger-index'],
        commit_bytes: writtenBytes['ledger-commit'],
        wa_journal: writtenBytes.ledger / logicalBytes,
        wa_index: writtenBytes['ledger-index'] / logicalBytes,
        wa_commits: writtenBytes['ledger-commit'] / logicalBytes,
        blocks: growth('blocks'),
      };
    },
  },
  create: (context, options) => new Ledger(context, readOptions(options)),
};
