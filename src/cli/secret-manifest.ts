import type { PullCredentialsAnswer } from './api-schema.ts';

/**
 * An imagePullSecret for `kubectl apply`, as YAML lines. The same name each time: kubelets remember what a Secret of
 * that name let them pull. Source: https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets.
 */
export function secretManifest(
  answer: Pick<PullCredentialsAnswer, 'dockerconfigjson' | 'expiresAt'>,
  { name, namespace }: { readonly name: string; readonly namespace?: string },
): string[] {
  return [
    '---',
    'apiVersion: v1',
    'kind: Secret',
    'type: kubernetes.io/dockerconfigjson',
    'metadata:',
    `  name: ${JSON.stringify(name)}`,
    ...(namespace === undefined ? [] : [`  namespace: ${JSON.stringify(namespace)}`]),
    ...(answer.expiresAt === null ? [] : ['  annotations:', `    entrepot/expires-at: "${answer.expiresAt}"`]),
    'data:',
    `  .dockerconfigjson: ${Buffer.from(JSON.stringify(answer.dockerconfigjson)).toString('base64')}`,
  ];
}
