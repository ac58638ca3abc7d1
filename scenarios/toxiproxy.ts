/**
 * Toxiproxy's configuration as it is, a JSON list of `{name, listen, upstream, enabled}`, with the toxics in it that
 * Toxiproxy itself reads only from its API; and what that API answers to `GET /proxies`, the same as a mapping by name.
 *
 * A proxy stands before the machine to which its `upstream` leads, on the way of who dials its `listen`. In either
 * address a machine is known by its name as a host, or by what the scenario's `hosts` say of the host or of host and
 * port; a `listen` that says nothing of who dials it, such as 0.0.0.0, is dialled by all.
 *
 * It is in force from the start until the clients stop. A proxy that is not `enabled` refuses everything.
 */
import { z } from 'zod';
import { MICROSECOND, MILLISECOND } from '../sim/clock.ts';
import type { LinkName, ParameterSpec, ParameterSpecs, ParameterValues } from '../sim/parameters.ts';
import type { FaultSpec } from '../sim/run-spec.ts';
import type { FaultEntry } from './catalogue.ts';
import { byName, choice, decimalNumber, fields, flag, listOf, textField, wholeNumber } from './fields.ts';
import { type Path, pathText } from './path.ts';
import { problemsOf } from './problems.ts';
import { allowedText } from './suggestion.ts';
import { type Problem, YamlText } from './yaml-text.ts';

const PROXIES_MAX = 1_000;
const TOXICS_MAX = 100;
/** As the simulator calls a proxy that is off; of Toxiproxy's toxics it is none. */
const OFF = 'down';
/** In Toxiproxy's JSON a duration is a number of ms, but for this one. */
const IN_MICROSECONDS = 'slicer.delay';
const WILDCARDS: readonly string[] = ['', '0.0.0.0', '[::]', '127.0.0.1', '[::1]', 'localhost'];

export interface Surroundings {
  /** Of the registry. */
  readonly toxic: FaultEntry;
  readonly nodes: number;
  readonly spares: number;
  /** By host, or by host and port: who that is. */
  readonly hosts: Readonly<Record<string, string>>;
}

interface Proxies {
  /** None unless all is well. */
  readonly faults: readonly FaultSpec[];
  readonly problems: readonly Problem[];
  readonly unusedHosts: readonly string[];
}

interface Proxy {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly ProxiedToxic[];
}
interface ProxiedToxic {
  readonly name?: string;
  readonly type: string;
  readonly stream: string;
  readonly toxicity: number;
  readonly attributes: ParameterValues;
}

export function readToxiproxy(file: string, text: string, surroundings: Surroundings): Proxies {
  return new Reading(file, text, surroundings).result();
}

class Reading {
  readonly #text: YamlText;
  readonly #isJson: boolean;
  readonly #surroundings: Surroundings;
  readonly #problems: Problem[];
  readonly #faults: FaultSpec[] = [];
  readonly #usedHosts = new Set<string>();
  readonly #names = new Set<string>();
  /** By dialling and accepting machine: the proxy on the way. */
  readonly #links = new Map<string, string>();

  constructor(file: string, text: string, surroundings: Surroundings) {
    this.#text = new YamlText(file, text);
    this.#surroundings = surroundings;
    this.#problems = [...this.#text.problems];
    this.#isJson = isJson(text);
    if (this.#problems.length === 0 && !this.#isJson) {
      const where = this.#text.firstBeyondJson() ?? this.#text.start;
      this.#problems.push({
        where,
        text: 'is not JSON, which has "…" around every text, a comma only between two values, and no comments',
      });
    }
  }

  result(): Proxies {
    if (this.#isJson) this.#proxies();
    const unusedHosts = Object.keys(this.#surroundings.hosts).filter((host) => !this.#usedHosts.has(host));
    const isFine = this.#problems.length === 0;
    return { faults: isFine ? this.#faults : [], problems: this.#problems, unusedHosts: isFine ? unusedHosts : [] };
  }

  #proxies(): void {
    const { data } = this.#text;
    if (typeof data !== 'object' || data === null) {
      this.#report([], 'is no list of proxies; allowed: [{"name": …, "listen": …, "upstream": …, "toxics": […]}, …]');
      return;
    }
    const entries = Object.entries(data);
    if (entries.length > PROXIES_MAX) this.#report([], `${entries.length} proxies; allowed: at most ${PROXIES_MAX}`);
    const schema = proxySchema(this.#surroundings.toxic);
    for (const [key, value] of entries.slice(0, PROXIES_MAX)) {
      const path: Path = [Array.isArray(data) ? Number(key) : key];
      const parsed = schema.safeParse(value);
      if (parsed.success) this.#proxy(parsed.data as unknown as Proxy, path);
      else for (const each of problemsOf(parsed.error, value, path)) this.#report(each.path, each.text, each.atKey);
    }
  }

  #proxy(proxy: Proxy, path: Path): void {
    if (this.#names.has(proxy.name)) this.#report([...path, 'name'], `two proxies are called '${proxy.name}'`);
    this.#names.add(proxy.name);
    const from = this.#side(proxy.listen, [...path, 'listen'], true);
    const to = this.#side(proxy.upstream, [...path, 'upstream'], false);
    if (from === undefined || to === undefined) return;
    if (from === to) {
      this.#report([...path, 'upstream'], 'there is no link from a machine to itself');
      return;
    }
    const link = { from, to };
    this.#claim(link, proxy.name, path);
    if (!proxy.enabled) {
      this.#add({ type: OFF, stream: 'downstream', toxicity: 1, link });
      return;
    }
    const names = new Set<string>();
    for (const [index, toxic] of proxy.toxics.entries()) {
      const at: Path = [...path, 'toxics', index];
      const { name = `${toxic.type}_${toxic.stream}`, attributes, type, stream, toxicity } = toxic;
      if (names.has(name)) this.#report(at, `two toxics of the proxy are called '${name}'; allowed: a name for each`);
      names.add(name);
      const parameters = { type, stream, toxicity, link, ...attributes };
      const problem = this.#surroundings.toxic.check?.(parameters, this.#surroundings.nodes, this.#surroundings.spares);
      if (problem !== undefined) this.#report([...at, 'attributes'], problem.what);
      this.#add(parameters);
    }
  }

  /** Who an address is; undefined: nobody knows. */
  #side(address: string, path: Path, isDialling: boolean): string | undefined {
    const { hosts } = this.#surroundings;
    const host = address.replace(/:[^:\]]*$/, '');
    const known = [address, host].find((name) => Object.hasOwn(hosts, name));
    if (known !== undefined) this.#usedHosts.add(known);
    const name = known === undefined ? host : hosts[known]!;
    if (isDialling && WILDCARDS.includes(name)) return 'all';
    const allowed = isDialling ? ['clients', 'peers', 'all', ...this.#machines()] : this.#machines();
    if (allowed.includes(name)) return name;
    const who = known === undefined ? `'${name}'` : `'${known}', by hosts ${name},`;
    const what = isDialling ? 'is nobody who dials' : 'is no node';
    this.#report(path, `${who} ${what}${allowedText(name, allowed)}; or say under hosts in the scenario who it is`);
    return undefined;
  }

  #machines(): string[] {
    const { nodes, spares } = this.#surroundings;
    return Array.from({ length: nodes + spares }, (_, machine) => `n${machine + 1}`);
  }

  /** A connection goes through one proxy. */
  #claim({ from, to }: LinkName, name: string, path: Path): void {
    const peers = this.#machines().filter((peer) => peer !== to);
    const diallers = from === 'all' ? ['clients', ...peers] : from === 'peers' ? peers : [from];
    for (const dialler of diallers) {
      const key = `${dialler} → ${to}`;
      const other = this.#links.get(key);
      if (other !== undefined) {
        const allowed = 'allowed: one proxy for each way; hosts in the scenario may say who dials which';
        this.#report(path, `'${name}' stands before ${key}, where '${other}' stands already; ${allowed}`);
        return;
      }
      this.#links.set(key, name);
    }
  }

  #add(parameters: ParameterValues): void {
    this.#faults.push({ fault: 'toxic', trigger: { kind: 'time', atNs: 0 }, durationNs: 0, parameters });
  }

  #report(path: Path, text: string, atKey = false): void {
    const name = pathText(path);
    const { where } = this.#text.locate(path, atKey);
    this.#problems.push({ where, text: name === '' ? text : `${name}: ${text}` });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function proxySchema(toxic: FaultEntry) {
  const types = Object.entries(toxic.kinds!.parameters).filter(([type]) => type !== OFF);
  const toxics = types.map(([type, attributes]) =>
    fields({
      name: textField('Its name.').optional(),
      type: z.literal(type),
      stream: choice(['downstream', 'upstream'], 'The direction.').prefault('downstream'),
      toxicity: decimalNumber(0, 1, 'Share of the connections.').prefault(1),
      attributes: fields(attributeShape(type, attributes)).prefault({}),
    }),
  );
  const one = byName(
    'type',
    types.map(([type]) => type),
    toxics,
  );
  return fields({
    name: textField('Its name.'),
    listen: textField('Where it listens.').prefault('0.0.0.0:0'),
    upstream: textField('Where it leads.'),
    enabled: flag('Whether it lets connections through.').prefault(true),
    toxics: listOf(one, 'Its toxics.', 'toxics', TOXICS_MAX).prefault([]),
    // the API adds it
    Logger: z.unknown().optional(),
  });
}

function attributeShape(type: string, specs: ParameterSpecs) {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, attribute(`${type}.${name}`, spec)]));
}

/** As Toxiproxy writes it: plain numbers, in its units. */
function attribute(name: string, spec: ParameterSpec) {
  if (!('min' in spec)) throw new Error(`${name}: Toxiproxy has no such attributes`);
  const { kind, min, max, doc } = spec;
  if (kind === 'ratio' || kind === 'number') return decimalNumber(min, max, doc).prefault(spec.default ?? 0);
  const unit = kind !== 'duration' ? 1 : name === IN_MICROSECONDS ? MICROSECOND : MILLISECOND;
  const number = wholeNumber(Math.ceil(min / unit), Math.floor(max / unit), doc).transform((value) => value * unit);
  return spec.default === undefined ? number : number.prefault(Math.round(spec.default / unit));
}
