import type { Domain } from '../../platform/libvirt/domain.ts';
import type { DomainDescription } from '../../platform/libvirt/domain-xml.ts';
import type { XmlElement } from '../../platform/libvirt/xml.ts';
import type { Names } from '../../workload/identity.ts';

/** Where a label's value stands below `<metadata>`, by label. */
export type LabelPaths = Readonly<Partial<Record<keyof Names, LabelPath>>>;

/** Element names without prefixes, from the outside in, and the attribute if it is not the text. */
export interface LabelPath {
  readonly elements: readonly string[];
  readonly attribute: string | undefined;
}

/** Who a domain is, by its own description. */
export interface DomainNames {
  readonly names: Names;
  /** Told with both names of the pod only. */
  readonly podUid: string | undefined;
}

type Told = Partial<Names> & { readonly podUid?: string | undefined };

const KUBEVIRT = 'http://kubevirt.io';
const MAX_LABEL = 4096;
/** virtlet-<start of its uuid>-<container>. */
const VIRTLET_NAME = /^virtlet-[0-9a-f]{8}-[0-9a-f]{4}-(.+)$/;
/** Kubelets before 1.14 had the uid alone. */
const POD_LOG =
  /^\/var\/log\/pods\/(?:([^/_]+)_([^/_]+)_)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//;

/** Reads `a/b` or `a/b@attribute`; undefined for what is neither. */
export function parseLabelPath(text: string): LabelPath | undefined {
  const [, elements = '', attribute] =
    /^([^/@\s]+(?:\/[^/@\s]+)*)(?:@([^/@\s]+))?$/.exec(text) ?? [];
  return elements === '' ? undefined : { elements: elements.split('/'), attribute };
}

/**
 * The labels of a domain: what `paths` say, else what virtlet tells: a `<pod>` in the metadata, the
 * domain's name and the path of its log. Without any the domain's name is its only one.
 */
export function namesOf(
  { name }: Domain,
  { metadata, environment }: DomainDescription,
  paths: LabelPaths,
): DomainNames {
  const told: Told = { ...fromVirtlet(name, environment), ...fromPod(metadata) };
  const label = (key: keyof Names) => {
    const path = paths[key];
    return ((path && valueAt(metadata, path)) || told[key] || '').slice(0, MAX_LABEL);
  };
  const names = {
    container: label('container'),
    image: label('image'),
    name: label('name') || name,
    namespace: label('namespace'),
    pod: label('pod'),
  };
  const isOfPod = names.pod !== '' && names.namespace !== '';
  return { names, podUid: isOfPod ? told.podUid : undefined };
}

/** Whether KubeVirt made it: then it runs in the container `compute` of a pod that is not named. */
export function isKubevirt({ metadata }: DomainDescription): boolean {
  const isTheirs = ({ name, namespace }: XmlElement) =>
    name === 'kubevirt' && namespace === KUBEVIRT;
  return metadata.some(isTheirs) && fromPod(metadata).pod === undefined;
}

/** What KubeVirt's <namespace>_<name> tells; the name of the pod is not in it. */
export function namesOfKubevirt({ name }: Domain): Names {
  const [namespace = ''] = name.includes('_') ? name.split('_') : [];
  return { container: 'compute', image: '', name, namespace, pod: '' };
}

function fromVirtlet(name: string, environment: ReadonlyMap<string, string> | undefined): Told {
  const container = VIRTLET_NAME.exec(name)?.[1];
  if (container === undefined) return {};
  const log = POD_LOG.exec(environment?.get('VIRTLET_CONTAINER_LOG_PATH') ?? '');
  const [, namespace, pod, podUid] = log ?? [];
  return { container, ...(namespace && pod ? { namespace, pod } : {}), podUid };
}

function fromPod(metadata: readonly XmlElement[]): Told {
  const text = (...elements: string[]) => valueAt(metadata, { elements, attribute: undefined });
  const [pod, namespace] = [text('pod', 'name'), text('pod', 'namespace')];
  const container = text('pod', 'containerName');
  if (!pod || !namespace) return {};
  return container ? { pod, namespace, container } : { pod, namespace };
}

function valueAt(
  metadata: readonly XmlElement[],
  { elements, attribute }: LabelPath,
): string | undefined {
  let found: XmlElement | undefined;
  let children = metadata;
  for (const element of elements) {
    found = children.find(({ name }) => name === element);
    if (found === undefined) return undefined;
    children = found.children;
  }
  return attribute === undefined ? found?.text : found?.attributes.get(attribute);
}
