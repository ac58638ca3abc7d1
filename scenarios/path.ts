/** Paths into a scenario: `workload.keys.count`, `faults[0].at`. */
import { DEFAULT_ENGINE, SHORTHANDS } from './schema/cluster.ts';

export type Path = readonly (string | number)[];

/** For people. */
export function pathText(path: Path): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

/**
 * `faults[0].at` or `faults.0.at`; what follows `matrix.` or `variants[i].set.` is one key, because
 * the keys there are paths themselves. undefined: a segment is empty.
 */
export function parsePath(text: string): Path | undefined {
  const keyed = /^(matrix|variants[.[]([0-9]+)\]?\.set)\.(.+)$/.exec(text);
  if (keyed !== null) {
    const head = keyed[2] === undefined ? ['matrix'] : ['variants', Number(keyed[2]), 'set'];
    return [...head, keyed[3]!];
  }
  const segments = text.replace(/\[([0-9]+)\]/g, '.$1').split('.');
  if (segments.some((segment) => segment === '' || segment === '__proto__')) return undefined;
  return segments.map((segment) => (/^[0-9]+$/.test(segment) ? Number(segment) : segment));
}

export function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((segment, i) => segment === path[i]);
}

type Container = Record<string | number, unknown>;

/** The value at a path of plain data; undefined if there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Container)[segment];
  }
  return value;
}

/**
 * Sets the value at a path of plain data (or an immer draft of it), making mappings on the way, and
 * writing out a shorthand that is in the way: below `engine: bolt`, `engine.options` finds `{name: bolt}`.
 * Returns what is wrong with the path, if anything.
 */
export function assign(root: object, path: Path, value: unknown): string | undefined {
  let container = root as Container;
  for (const [depth, segment] of path.entries()) {
    if (Array.isArray(container)) {
      const { length } = container;
      if (typeof segment !== 'number' || segment > length) {
        return `${pathText(path.slice(0, depth))} is a list of ${length}; allowed: an index up to ${length}`;
      }
    }
    if (depth === path.length - 1) {
      container[segment] = value;
      break;
    }
    const next = Object.hasOwn(container, segment) ? container[segment] : undefined;
    if (typeof next === 'object' && next !== null) {
      container = next as Container;
      continue;
    }
    const made = written(pathText(path.slice(0, depth + 1)), next, path[depth + 1]);
    container[segment] = made;
    container = made;
  }
  return undefined;
}

/** What has to stand at a place so that something can be set below it. */
function written(place: string, scalar: unknown, below: string | number | undefined): Container {
  if (scalar === undefined && typeof below === 'number') return [] as unknown as Container;
  const key = SHORTHANDS[place];
  if (key !== undefined && typeof scalar === 'string') return { [key]: scalar };
  return scalar === undefined && place === 'cluster.engine' ? { name: DEFAULT_ENGINE } : {};
}
