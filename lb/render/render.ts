import { isIdle } from '../terms/services-apart.ts';
import type { Holding } from '../terms/holding.ts';
import { renderEnds } from './at-ingress.ts';
import { renderChecks } from './checks.ts';
import { renderDsr } from './dsr.ts';
import { renderClamp } from './clamp.ts';
import { renderEcho } from './echo.ts';
import { renderOwned } from './owned.ts';
import type { Override } from '../terms/overrides.ts';
import type { RenderInput } from './input.ts';
import { renderNat } from './nat.ts';
import { renderOverrides } from './overrides.ts';
import { joinParts } from './part.ts';
import { renderRefusals } from './refuse.ts';
import { renderRoutes } from './routes.ts';
import type { Table } from './ruleset.ts';
import { renderTunnelErrors } from './tunnel-errors.ts';

/** The tables that make the kernel do what the configuration says; `held` and `overrides` are noted in them. Pure. */
export function render(input: RenderInput, owned: Holding[], overrides: Override[] = []): Table[] {
  if (isIdle(input.config)) return [];
  const tables: Table[] = [
    {
      family: 'inet',
      ...joinParts(
        renderOwned(owned),
        renderOverrides(overrides),
        renderRefusals(input),
        renderEcho(input),
        renderNat(input),
        renderClamp(input),
        renderRoutes(input),
        renderTunnelErrors(input),
      ),
    },
    { family: 'netdev', ...joinParts(renderDsr(input), renderEnds(input), renderChecks(input)) },
  ];
  return tables.filter(({ chains }) => chains.length > 0);
}
