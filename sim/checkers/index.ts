/** The registry of checkers: adding one is one file and one line here. All of them watch every run. */
import type { Duration } from '../clock.ts';
import { AcknowledgedWrites } from './acknowledged-writes.ts';
import { ApplyOrder } from './apply-order.ts';
import type { Checker, KeySpace, Report } from './checker.ts';
import { CommittedEntries } from './committed-entries.ts';
import { ExactlyOnce } from './exactly-once.ts';
import { LeaderAppendOnly } from './leader-append-only.ts';
import { LeaderCompleteness } from './leader-completeness.ts';
import { Linearizability } from './linearizability.ts';
import { LogMatching } from './log-matching.ts';
import { Membership } from './membership.ts';
import { OneLeaderPerTerm } from './one-leader-per-term.ts';
import { Progress } from './progress.ts';
import { ReplicaEquality } from './replica-equality.ts';
import { SessionOrder } from './session-order.ts';
import { SoundStores } from './sound-stores.ts';

export interface CheckerSettings {
  readonly nodes: number;
  readonly keys: KeySpace;
  readonly progressBoundNs: Duration;
}

export type CheckerMaker = (report: Report, settings: CheckerSettings) => Checker;

export const CHECKERS: readonly CheckerMaker[] = [
  (report) => new OneLeaderPerTerm(report),
  (report, settings) => new LeaderCompleteness(report, settings.nodes),
  (report, settings) => new LeaderAppendOnly(report, settings.nodes),
  (report) => new LogMatching(report),
  (report) => new CommittedEntries(report),
  (report, settings) => new ApplyOrder(report, settings.nodes),
  (report) => new ExactlyOnce(report),
  (report) => new SessionOrder(report),
  (report, settings) => new AcknowledgedWrites(report, settings.keys),
  (report, settings) => new Linearizability(report, settings.keys),
  (report) => new Membership(report),
  (report) => new ReplicaEquality(report),
  (report) => new SoundStores(report),
  (report, settings) => new Progress(report, settings.progressBoundNs),
];
