/** In the page: canvases that share one axis of time, their colours, and text on them. */
export const CANVAS_SCRIPT = `
  // ——— canvases ———
  const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');
  const FONT = getComputedStyle(document.body).fontFamily;
  const GUTTER_WIDE = 74;
  const RIGHT = 10;
  const isNarrow = () => window.innerWidth < 640;
  const gutter = () => (isNarrow() ? 50 : GUTTER_WIDE);
  const paint = (pair) => (darkQuery.matches ? pair.dark : pair.light);
  let tones = {};
  function readTones() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ['card', 'text', 'muted', 'rule', 'soft', 'accent', 'bad', 'bad-soft', 'warn', 'warn-soft', 'good']) {
      tones[name] = style.getPropertyValue('--' + name).trim();
    }
  }
  class Panel {
    constructor(id, range) {
      this.canvas = document.getElementById(id);
      this.range = range;
      this.width = 0;
      this.height = 0;
    }
    /** Ready to be drawn on. */
    begin(height) {
      const scale = window.devicePixelRatio || 1;
      const width = this.canvas.parentElement.clientWidth;
      if (this.width !== width || this.height !== height || this.scale !== scale) {
        this.width = width;
        this.height = height;
        this.scale = scale;
        this.canvas.width = Math.round(width * scale);
        this.canvas.height = Math.round(height * scale);
        this.canvas.style.height = height + 'px';
      }
      const g = this.canvas.getContext('2d');
      g.setTransform(scale, 0, 0, scale, 0, 0);
      g.clearRect(0, 0, width, height);
      this.g = g;
      this.left = gutter();
      return g;
    }
    x(time) {
      const [from, to] = this.range();
      return this.left + ((time - from) / (to - from)) * (this.width - this.left - RIGHT);
    }
    time(x) {
      const [from, to] = this.range();
      return from + ((x - this.left) / (this.width - this.left - RIGHT)) * (to - from);
    }
    get nsPerPixel() {
      const [from, to] = this.range();
      return (to - from) / Math.max(1, this.width - this.left - RIGHT);
    }
    /** Nothing drawn until the next call of restore leaves the part that has a time. */
    clip() {
      this.g.save();
      this.g.beginPath();
      this.g.rect(this.left, 0, this.width - this.left - RIGHT, this.height);
      this.g.clip();
    }
    text(string, x, y, { size = 11, weight = 400, colour = tones.text, align = 'left', halo = false, max } = {}) {
      const { g } = this;
      g.font = weight + ' ' + size + 'px ' + FONT;
      g.textAlign = align;
      g.textBaseline = 'middle';
      let shown = string;
      if (max !== undefined) {
        if (max < 12) return;
        while (shown.length > 1 && g.measureText(shown).width > max) shown = shown.slice(0, shown.length > 12 ? -4 : -1);
        if (shown !== string) shown = shown.length < 2 ? '' : shown.slice(0, -1) + '…';
      }
      if (halo) {
        g.lineJoin = 'round';
        g.lineWidth = 3;
        g.strokeStyle = tones.card;
        g.strokeText(shown, x, y);
      }
      g.fillStyle = colour;
      g.fillText(shown, x, y);
    }
    line(x1, y1, x2, y2, colour, width = 1, dash) {
      const { g } = this;
      g.strokeStyle = colour;
      g.lineWidth = width;
      if (dash !== undefined) g.setLineDash(dash);
      g.beginPath();
      g.moveTo(x1, y1);
      g.lineTo(x2, y2);
      g.stroke();
      if (dash !== undefined) g.setLineDash([]);
    }
    /** Times along the top. */
    axis(y) {
      const [from, to] = this.range();
      const step = tickStep((to - from) / Math.max(2, (this.width - this.left) / 110));
      for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) {
        const x = this.x(tick);
        this.line(x, y + 7, x, this.height, tones.rule);
        this.text(timeText(tick, step), Math.min(x, this.width - RIGHT - 24), y, { colour: tones.muted, align: 'center' });
      }
    }
    /** The moments that matter, over everything. */
    marks(withText) {
      for (const { at, text, colour } of moments) {
        const [from, to] = this.range();
        if (at < from || at > to) continue;
        const x = this.x(at);
        this.line(x, withText ? 14 : 0, x, this.height, colour(), 1.5, [5, 3]);
        if (withText) {
          const isRight = x > this.width * 0.6;
          this.text(text, x + (isRight ? -5 : 5), 22, { weight: 640, colour: colour(), align: isRight ? 'right' : 'left', halo: true });
        }
      }
      if (cursor !== undefined) {
        const x = this.x(cursor);
        if (x >= this.left) this.line(x, 0, x, this.height, tones.muted, 1);
      }
    }
  }
  function tickStep(least) {
    let step = 1;
    for (;;) {
      for (const factor of [1, 2, 5]) if (step * factor >= least) return step * factor;
      step *= 10;
    }
  }
  /** With as many digits as the step needs. */
  function timeText(ns, step) {
    const digits = step >= 1e9 ? 0 : step >= 1e8 ? 1 : step >= 1e7 ? 2 : step >= 1e6 ? 3 : step >= 1e5 ? 4 : step >= 1e4 ? 5 : step >= 1e3 ? 6 : 9;
    return (ns / 1e9).toFixed(digits) + ' s';
  }
  function spanText(ns) {
    if (ns >= 1e9) return (ns / 1e9).toFixed(3) + ' s';
    if (ns >= 1e6) return (ns / 1e6).toFixed(3) + ' ms';
    return (ns / 1e3).toFixed(1) + ' µs';
  }
  function bytesText(bytes) {
    if (bytes >= 1048576) return (bytes / 1048576).toFixed(1) + ' MiB';
    if (bytes >= 1024) return (bytes / 1024).toFixed(1) + ' KiB';
    return bytes + ' B';
  }
`;
