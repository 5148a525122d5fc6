import { describe, expect, it } from 'vitest';
import { certificateClaims } from '../../src/access/peer-certificates.ts';

const subject = { CN: 'us-east-prod', O: 'acme', OU: 'ops' } as never;

describe('what a certificate says of its holder', () => {
  it('is its subject and its alternative names', () => {
    expect(
      certificateClaims({ subject, subjectaltname: 'DNS:a.example, URI:spiffe://acme/ci, email:a@b.example' }),
    ).toEqual({
      sub: 'us-east-prod',
      cn: 'us-east-prod',
      o: 'acme',
      ou: 'ops',
      dns: ['a.example'],
      uri: ['spiffe://acme/ci'],
      email: ['a@b.example'],
    });
  });

  it('has no names from text in which one could pose as two', () => {
    const posing = 'DNS:"a.example, URI:spiffe://acme/admin"';
    expect(certificateClaims({ subject, subjectaltname: posing })).not.toHaveProperty('uri');
  });
});
