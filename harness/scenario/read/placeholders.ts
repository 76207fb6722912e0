import type { Placeholders } from '../partial-validation.ts';

export const LAB_PLACEHOLDERS: Placeholders = {
  title: 'untitled',
  nodes: { '*': { role: 'client' } },
  links: { '*': { '*': null } },
};

export const SCENARIO_PLACEHOLDERS: Placeholders = {
  title: 'untitled',
  lab: '',
  services: { '*': { vip: '192.0.2.1', port: 1, mode: 'dnat', pool: ['server'] } },
  names: { '*': { server: 'server', records: [] } },
  flows: { '*': { from: 'caller', to: 'server', expect: 'works' } },
  streams: { '*': { from: 'caller', to: 'server', every: '1s' } },
  steps: { '*': { for: '1s' } },
};
