/** The look of every panel: one vega-lite configuration for light and one for dark backgrounds. */
import type { Config } from 'vega-lite';

export type Theme = 'light' | 'dark';

export const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

interface Ink {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly line: string;
  readonly fault: string;
}

const INKS: Readonly<Record<Theme, Ink>> = {
  light: { text: '#1d2430', muted: '#5a6575', grid: '#e6e9ee', line: '#aab2bf', fault: '#c23b2e' },
  dark: { text: '#e6eaf0', muted: '#9aa6b6', grid: '#2a323e', line: '#566274', fault: '#ff8a7a' },
};

export interface ThemeOptions {
  /** The page draws its own legends, which wrap on narrow screens. */
  readonly legend: boolean;
  /** Drawn behind the panel; a page has its own. */
  readonly background?: string;
}

export function vegaConfig(theme: Theme, options: ThemeOptions): Config {
  const ink = INKS[theme];
  const config: Config = {
    background: options.background ?? 'transparent',
    font: FONT,
    // The page gives each panel a label and a table; a label for each mark would only bury them.
    aria: false,
    padding: { left: 2, right: 12, top: 6, bottom: 2 },
    view: { stroke: null },
    axis: {
      labelColor: ink.muted,
      labelFontSize: 11,
      titleColor: ink.muted,
      titleFontSize: 11,
      titleFontWeight: 'normal',
      gridColor: ink.grid,
      domainColor: ink.line,
      tickColor: ink.line,
      tickSize: 4,
      labelPadding: 4,
      titlePadding: 8,
    },
    axisX: { titleLimit: 280, labelFlush: false },
    axisY: { labelLimit: 190 },
    axisBand: { grid: false, domain: false, ticks: false, labelColor: ink.text },
    legend: options.legend
      ? {
          orient: 'top',
          title: null,
          labelColor: ink.text,
          labelFontSize: 11,
          symbolType: 'square',
          symbolStrokeWidth: 0,
          columns: 6,
          labelLimit: 180,
        }
      : { disable: true },
    text: { color: ink.text, fontSize: 11 },
    line: { strokeWidth: 1.6, strokeJoin: 'round' },
    rule: { color: ink.muted },
    style: {
      fault: { color: ink.fault, fillOpacity: theme === 'light' ? 0.09 : 0.16 },
      faultLetter: { color: ink.fault, fontSize: 10, fontWeight: 600 },
      spread: { color: ink.text, strokeWidth: 1.2 },
      barLabel: { color: ink.text, fontSize: 11, align: 'left', baseline: 'middle', dx: 6 },
      reference: { color: ink.muted, strokeWidth: 1, strokeDash: [3, 3] },
      cursor: { color: ink.muted, strokeWidth: 1 },
    },
  };
  return config;
}
