import { describe, expect, it } from 'vitest';
import { findCloudAccounts } from './cloud-accounts.ts';

const ECR = { ENTREPOT_CLOUD_ECR_URL: 'https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com' };
const ACR = {
  ENTREPOT_CLOUD_ACR_URL: 'https://web3d-registry.cn-beijing.cr.aliyuncs.com',
  ENTREPOT_CLOUD_ACR_REGION: 'cn-beijing',
  ENTREPOT_CLOUD_ACR_NAMESPACE: 'web3d',
};

describe('the accounts of the scenario of the clouds', () => {
  it('are the doubles where nothing is named', () => {
    expect(findCloudAccounts({ PATH: '/bin', ENTREPOT_CLOUD_ECR_URL: '' })).toBeUndefined();
  });

  it('are refused by half, with the names of what is missing', () => {
    expect(() => findCloudAccounts(ECR)).toThrow(
      'these are missing: ENTREPOT_CLOUD_ACR_URL, ENTREPOT_CLOUD_ACR_REGION, ENTREPOT_CLOUD_ACR_NAMESPACE, ENTREPOT_CLOUD_ACR_USERNAME, ENTREPOT_CLOUD_ACR_PASSWORD (or ENTREPOT_CLOUD_ACR_INSTANCE',
    );
    expect(() => findCloudAccounts({ ...ACR, ENTREPOT_CLOUD_ACR_INSTANCE: 'cri-1' })).toThrow(
      /missing: ENTREPOT_CLOUD_ECR_URL\. /,
    );
    const elsewhere = { ENTREPOT_CLOUD_ECR_URL: 'http://127.0.0.1:5000', ENTREPOT_CLOUD_ACR_INSTANCE: 'cri-1' };
    expect(() => findCloudAccounts({ ...ACR, ...elsewhere })).toThrow(/missing: ENTREPOT_CLOUD_ECR_REGION\. /);
  });

  it('keep the password of ACR out of the configuration', () => {
    const named = {
      ...ECR,
      ...ACR,
      ENTREPOT_CLOUD_ACR_USERNAME: 'ci@1',
      ENTREPOT_CLOUD_ACR_PASSWORD: 'hush',
      ENTREPOT_CLOUD_ECR_PULL_ROLE: 'arn:aws:iam::123456789012:role/pull',
    };
    const text = JSON.stringify(findCloudAccounts(named));
    expect(text).not.toContain('hush');
    expect(text).toContain('env:ENTREPOT_CLOUD_ACR_PASSWORD');
    expect(findCloudAccounts(named)?.registries.singapore?.entry).toMatchObject({
      region: 'ap-southeast-1',
      credentials: { aws: 'default' },
      pullCredentials: { aws: { roleArn: 'arn:aws:iam::123456789012:role/pull' } },
    });
  });
});
