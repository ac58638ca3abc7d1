/** Which part of the simulator the CPU time goes to: samples by the file they fell into. */
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';

const PARTS: readonly (readonly [RegExp, string])[] = [
  [/sim\/(loop|trace)\./, 'kernel'],
  [/sim\/nodes\/raft\//, 'raft'],
  [/engines\//, 'engine'],
  [/sim\/disk\//, 'disk'],
  [/sim\/network\//, 'network'],
  [/sim\/checkers\/|sim\/cluster/, 'checks'],
  [/sim\/clients\/|hdr-histogram/, 'clients'],
  [/sim\/nodes\/wal\//, 'wal'],
  [/sim\/nodes\/kv\//, 'state machine'],
  [/sim\/nodes\//, 'host'],
  [/sim\/bytes\//, 'bytes'],
];

/** Shares of the samples, the largest first. Profiling slows the work down: no figure besides the shares is of use. */
export async function sharesOf(work: () => void): Promise<ReadonlyMap<string, number>> {
  const profile = await profileOf(work);
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map<string, number>();
  let total = 0;
  profile.samples!.forEach((id, i) => {
    const { url, functionName } = frames.get(id)!;
    const part =
      PARTS.find(([pattern]) => pattern.test(url))?.[1] ??
      (functionName.includes('garbage') ? 'garbage collection' : 'rest');
    const time = profile.timeDeltas![i]!;
    times.set(part, (times.get(part) ?? 0) + time);
    total += time;
  });
  return new Map([...times].sort((a, b) => b[1] - a[1]).map(([part, time]) => [part, time / total]));
}

/** Of samples within a checker, whatever it called, by the checker's file; the largest first. */
export async function sharesOfCheckers(work: () => void): Promise<readonly (readonly [string, number])[]> {
  const { nodes, samples, timeDeltas } = await profileOf(work);
  const owners = new Map<number, string | undefined>();
  const own = new Map(nodes.map((node) => [node.id, node]));
  const visit = (id: number, above: string | undefined): void => {
    const { callFrame, children } = own.get(id)!;
    const owner = above ?? /sim\/checkers\/([a-z-]+)\./.exec(callFrame.url)?.[1];
    owners.set(id, owner);
    for (const child of children ?? []) visit(child, owner);
  };
  visit(nodes[0]!.id, undefined);
  const times = new Map<string, number>();
  let total = 0;
  samples!.forEach((id, i) => {
    const time = timeDeltas![i]!;
    total += time;
    const owner = owners.get(id);
    if (owner !== undefined) times.set(owner, (times.get(owner) ?? 0) + time);
  });
  return [...times].sort((a, b) => b[1] - a[1]).map(([name, time]) => [name, time / total]);
}

async function profileOf(work: () => void): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return profile;
}
