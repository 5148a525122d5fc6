/** The header with which the identity of an access key speaks to the double's registry. */
export async function ecrAuthorization(apiUrl: string, key = 'AKIDPUSHER'): Promise<Record<string, string>> {
  const answer = await fetch(apiUrl, {
    method: 'POST',
    headers: {
      'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
      authorization: `AWS4-HMAC-SHA256 Credential=${key}/x`,
    },
    body: '{}',
  });
  const { authorizationData } = (await answer.json()) as { authorizationData: { authorizationToken: string }[] };
  return { authorization: `Basic ${authorizationData[0]?.authorizationToken}` };
}
