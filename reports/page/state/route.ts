/** State of the page, all in the URL fragment, so that a link reproduces it. */
export interface PageState {
  view: 'overview' | 'scenario' | 'run';
  /** Names; null if nothing is selected. */
  scenario: string | null;
  variant: string | null;
  flow: string | null;
  tab: Tab;
  /** Attempt shown, from 1; 0 for the first with the flow's outcome. */
  attempt: number;
  /** Selected crossing, from 1; 0 shows the whole walk. */
  step: number;
  /** What the ladder hides. */
  hide: Hidden[];
  /** Variant that the flow, or the timeline, is compared with. */
  against: string | null;
  /** Selected call of a stream, from 1; 0 for none. */
  call: number;
  /** Part of the timeline that is shown, ms; null for all of it. */
  span: { fromMs: number; toMs: number } | null;
  /** Whether every item of a timeline has its own row. */
  all: boolean;
  filter: Filter;
  /** Null follows the system setting. */
  theme: 'light' | 'dark' | null;
  lang: 'en' | 'ko' | null;
}

export const TABS = ['path', 'ladder', 'table', 'why', 'compare'] as const;
type Tab = (typeof TABS)[number];

export const HIDDEN = ['switches', 'arp'] as const;
type Hidden = (typeof HIDDEN)[number];

/** Empty text means any. */
export interface Filter {
  text: string;
  verdict: string;
  cause: string;
  mode: string;
  lab: string;
  node: string;
}

export const NO_FILTER: Filter = { text: '', verdict: '', cause: '', mode: '', lab: '', node: '' };
const FILTER_KEYS = Object.keys(NO_FILTER) as (keyof Filter)[];

/** Parses a fragment, with or without `#`; unknown values become the default. */
export function parseFragment(fragment: string): PageState {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split('?', 2);
  const [view, scenario, variant, flow] = path.split('/').map(decode);
  const params = new URLSearchParams(query);
  const oneOf = <T extends string>(key: string, allowed: readonly T[]) =>
    allowed.find((v) => v === params.get(key)) ?? null;
  const count = (key: string) => Math.max(0, Number.parseInt(params.get(key) ?? '0', 10) || 0);
  return {
    view: view === 'scenario' && scenario ? 'scenario' : view === 'run' ? 'run' : 'overview',
    scenario: (view === 'scenario' && scenario) || null,
    variant: (view === 'scenario' && variant) || null,
    flow: (view === 'scenario' && flow) || null,
    tab: oneOf('tab', TABS) ?? 'path',
    attempt: count('attempt'),
    step: count('step'),
    hide: HIDDEN.filter((what) => params.get('hide')?.split(',').includes(what)),
    against: params.get('against'),
    call: count('call'),
    span: spanOf(params.get('ms')),
    all: params.get('rows') === 'all',
    filter: Object.fromEntries(FILTER_KEYS.map((key) => [key, params.get(key) ?? ''])) as unknown as Filter,
    theme: oneOf('theme', ['light', 'dark']),
    lang: oneOf('lang', ['en', 'ko']),
  };
}

/** Inverse of `parseFragment`. */
export function toFragment(state: PageState): string {
  const names = state.view === 'scenario' ? [state.scenario, state.variant, state.flow] : [];
  const path = [state.view, ...names.filter((name) => name !== null)].map(encodeURIComponent).join('/');
  const params = new URLSearchParams();
  if (state.view === 'scenario') {
    if (state.tab !== 'path') params.set('tab', state.tab);
    if (state.attempt) params.set('attempt', String(state.attempt));
    if (state.step) params.set('step', String(state.step));
    if (state.hide.length > 0) params.set('hide', state.hide.join(','));
    if (state.against !== null) params.set('against', state.against);
    if (state.call) params.set('call', String(state.call));
    if (state.span) params.set('ms', `${state.span.fromMs}-${state.span.toMs}`);
    if (state.all) params.set('rows', 'all');
  }
  for (const key of FILTER_KEYS) if (state.filter[key]) params.set(key, state.filter[key]);
  if (state.theme) params.set('theme', state.theme);
  if (state.lang) params.set('lang', state.lang);
  const query = params.toString();
  return `#/${path}${query ? `?${query}` : ''}`;
}

/** `500-1200.5`. */
function spanOf(text: string | null): PageState['span'] {
  const [fromMs = NaN, toMs = NaN] = /^[\d.]+-[\d.]+$/.test(text ?? '') ? text!.split('-').map(Number) : [];
  return toMs > fromMs ? { fromMs, toMs } : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
