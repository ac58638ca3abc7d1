/**
 * In the page: what the reader looks at, kept in the address so that a view can be passed on.
 *
 *     #from=2.812682987&to=3.425525169&hide=heartbeat,ack&off=n3&pick=m117&keys=all
 *
 * Times in virtual seconds. Whatever does not parse, or lies outside of what is shown, is as if it were not there.
 */
export const STATE_SCRIPT = String.raw`
  // ——— what is looked at ———
  const SPAN_MIN = 2000;
  function clampView(from, to, window) {
    const whole = window[1] - window[0];
    const span = Math.min(whole, Math.max(SPAN_MIN, to - from));
    let start = Math.min(Math.max(from, window[0]), window[1] - span);
    return [start, start + span];
  }
  function parseState(hash, page) {
    const state = { view: page.view.slice(), hide: new Set(), off: new Set(), pick: '', allKeys: page.theKey < 0 };
    const fields = new Map(hash.replace(/^#/, '').split('&').map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    }));
    const time = (name) => (/^\d+(\.\d+)?$/.test(fields.get(name) ?? '') ? Math.round(Number(fields.get(name)) * 1e9) : NaN);
    const from = time('from');
    const to = time('to');
    if (from < to && from < page.window[1] && to > page.window[0]) state.view = clampView(from, to, page.window);
    const list = (name) => (fields.get(name) ?? '').split(',').filter((item) => item !== '');
    for (const kind of list('hide')) if (page.kinds.includes(kind)) state.hide.add(kind);
    for (const lane of list('off')) if (page.lanes.includes(lane)) state.off.add(lane);
    if (state.off.size === page.lanes.length) state.off.clear();
    const pick = /^([mo])(\d+)$/.exec(fields.get('pick') ?? '');
    if (!fields.has('pick') && page.pick >= 0) state.pick = 'o' + page.pick;
    else if (pick !== null && Number(pick[2]) < (pick[1] === 'm' ? page.messages : page.operations)) state.pick = pick[0];
    if (fields.get('keys') === 'all') state.allKeys = true;
    return state;
  }
  function formatState(state, page) {
    const parts = ['from=' + (state.view[0] / 1e9).toFixed(9), 'to=' + (state.view[1] / 1e9).toFixed(9)];
    if (state.hide.size > 0) parts.push('hide=' + page.kinds.filter((kind) => state.hide.has(kind)).join(','));
    if (state.off.size > 0) parts.push('off=' + page.lanes.filter((lane) => state.off.has(lane)).join(','));
    if (state.pick !== '' || page.pick >= 0) parts.push('pick=' + state.pick);
    if (state.allKeys && page.theKey >= 0) parts.push('keys=all');
    return '#' + parts.join('&');
  }
`;
