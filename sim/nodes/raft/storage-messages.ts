/**
 * With `asyncStorageWrites` the work of a Ready travels as messages to two storage threads, each with
 * the responses to deliver when it is done. Work for one thread must be done in order; the threads
 * may overtake one another.
 *
 * As in etcd, everything else leaves at once, a candidate's requests for votes included. With real crashes
 * that is not safe (see `ready.ts`), so this mode serves the transcripts and comparisons, not the host.
 */
import {
  APPEND_THREAD,
  APPLY_THREAD,
  Message,
  MSG_STORAGE_APPEND,
  MSG_STORAGE_APPEND_RESP,
  MSG_STORAGE_APPLY,
  MSG_STORAGE_APPLY_RESP,
} from './messages.ts';
import type { Ready } from './ready.ts';
import type { RaftState } from './state.ts';

export function addStorageMessages(state: RaftState, ready: Ready, afterAppend: readonly Message[]): void {
  const { log, id } = state;
  const { snapshot } = ready;
  const responses = afterAppend.slice();
  if (ready.entries.length > 0 || ready.hardStateChanged || snapshot !== undefined || responses.length > 0) {
    const append = new Message(MSG_STORAGE_APPEND, APPEND_THREAD, id, 0);
    append.entries = ready.entries.slice();
    append.snapshot = snapshot;
    if (ready.hardStateChanged) {
      append.term = ready.term;
      append.vote = ready.vote;
      append.commit = ready.commit;
    }
    // reports the whole log, also what earlier work carries: an entry that was replaced and then put
    // back by a later leader must not be taken for durable on the word of the first
    const unstable = log.lastIndex() > log.stable;
    if (unstable || snapshot !== undefined) {
      const response = new Message(MSG_STORAGE_APPEND_RESP, id, APPEND_THREAD, state.term);
      if (unstable) {
        response.index = log.lastIndex();
        response.logTerm = log.lastTerm();
      }
      response.snapshot = snapshot;
      responses.push(response);
    }
    append.responses = responses;
    ready.messages.push(append);
  }
  if (ready.committed.length === 0) return;
  const apply = new Message(MSG_STORAGE_APPLY, APPLY_THREAD, id, 0);
  apply.entries = ready.committed.slice();
  const response = new Message(MSG_STORAGE_APPLY_RESP, id, APPLY_THREAD, 0);
  response.entries = apply.entries;
  apply.responses = [response];
  ready.messages.push(apply);
}
