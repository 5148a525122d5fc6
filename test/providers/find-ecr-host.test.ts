import { expect, it } from 'vitest';
import { findEcrHost } from '../../src/providers/ecr/find-ecr-host.ts';

it.each([
  [
    'https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com',
    { accountId: '123456789012', region: 'ap-southeast-1' },
  ],
  ['https://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', { accountId: '123456789012', region: 'cn-north-1' }],
  [
    'https://123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
    { accountId: '123456789012', region: 'us-gov-west-1' },
  ],
  ['https://123456789012.dkr-ecr.us-west-2.on.aws', { accountId: '123456789012', region: 'us-west-2' }],
  ['https://12345.dkr.ecr.us-west-2.amazonaws.com', undefined],
  ['https://123456789012.dkr.ecr.us-west-2.amazonaws.com.evil.example', undefined],
  ['https://public.ecr.aws', undefined],
  ['nonsense', undefined],
])('%s', (url, expected) => expect(findEcrHost(url)).toEqual(expected));
