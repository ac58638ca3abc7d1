/** A panel as SVG text outside a browser. Vega is imported only when it is needed: that takes a third of a second. */
import type { PanelSpec } from './charts/chart.ts';
import { type Theme, vegaConfig } from './charts/theme.ts';
import { darkPartners } from './palette.ts';

export interface SvgOptions {
  readonly width: number;
  readonly theme?: Theme;
  readonly background?: string;
}

/** With a legend of its own. Letter widths are estimated, since there is no font to measure. */
export async function renderSvg(panel: PanelSpec, options: SvgOptions): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const theme = options.theme ?? 'light';
  const background = options.background ?? (theme === 'light' ? '#ffffff' : '#171c24');
  const spec = { ...(theme === 'dark' ? darkened(panel) : panel), width: options.width };
  const compiled = vegaLite.compile(spec, { config: vegaConfig(theme, { legend: true, background }) });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function darkened(panel: PanelSpec): PanelSpec {
  const partners = darkPartners();
  return JSON.parse(JSON.stringify(panel).replace(/#[0-9a-f]{6}/g, (colour) => partners[colour] ?? colour));
}
