import type Dockerode from 'dockerode';
import { KEPT_LABEL, LAB_LABEL, NODE_LABEL, PROJECT_LABEL, VARIANT_LABEL } from './labels.ts';

/** A lab left running by `up`. */
export interface KeptLab {
  id: string;
  scenario: string;
  variant: string;
  /** When it was booted. */
  since: Date;
  nodes: KeptNode[];
}

export interface KeptNode {
  name: string;
  /** Name of its container. */
  container: string;
}

/**
 * Running labs of a project, oldest first, with their running nodes.
 * @param project its root
 */
export async function keptLabs(docker: Dockerode, project: string): Promise<KeptLab[]> {
  return labsOf(await docker.listContainers({ filters: { label: [KEPT_LABEL, `${PROJECT_LABEL}=${project}`] } }));
}

/** Fields of listed containers that identify labs. */
type Listed = Pick<Dockerode.ContainerInfo, 'Names' | 'Labels' | 'Created'>;

function labsOf(containers: Listed[]): KeptLab[] {
  const labs = new Map<string, KeptLab>();
  // The engine lists newest first.
  for (const { Names, Labels, Created } of [...containers].sort((a, b) => a.Created - b.Created)) {
    const id = Labels[LAB_LABEL] ?? '';
    const lab = labs.get(id) ?? {
      id,
      scenario: Labels[KEPT_LABEL] ?? '',
      variant: Labels[VARIANT_LABEL] ?? '',
      since: new Date(Created * 1000),
      nodes: [],
    };
    const container = (Names[0] ?? '').replace(/^\//, '');
    lab.nodes.push({ name: Labels[NODE_LABEL] ?? container, container });
    labs.set(id, lab);
  }
  for (const { nodes } of labs.values()) nodes.sort((a, b) => a.name.localeCompare(b.name));
  return [...labs.values()];
}
