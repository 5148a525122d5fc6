import type { Clock } from '../../kernel/clock.ts';
import type { RegistryEntry, SourceEntry } from '../../regions/world.ts';
import type { CredentialsProvider } from '../../registry/credentials.ts';
import { openCloudCredentials } from '../cloud-authorization.ts';
import { type EcrApi, openEcrApi } from './ecr-api.ts';
import { type EcrQuestions, openEcrQuestions } from './ecr-questions.ts';
import { EcrRates } from './ecr-rates.ts';
import { findEcrHost } from './find-ecr-host.ts';

/** An account in one region, as one identity sees it: its API, its password, and the quotas it must keep to. */
export type EcrAccount = {
  readonly api: EcrApi;
  readonly credentials: CredentialsProvider;
  readonly rates: EcrRates;
  readonly questions: EcrQuestions;
};

/** The accounts of all configured registries: those of the same account, region and identity share one password. */
export class EcrAccounts {
  readonly #clock: Clock;
  readonly #accounts = new Map<string, EcrAccount>();
  readonly #rates = new Map<string, EcrRates>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(entry: RegistryEntry | SourceEntry): EcrAccount {
    const host = findEcrHost(entry.url);
    const region = 'region' in entry ? entry.region : undefined;
    const place = JSON.stringify(host ?? [entry.url, region]);
    const key = `${place} ${JSON.stringify(entry.credentials)}`;
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const changed = 'rates' in entry ? entry.rates : undefined;
    // Quotas are the account's, whoever asks.
    const rates = this.#rates.get(place) ?? new EcrRates(this.#clock, changed);
    this.#rates.set(place, rates);
    const api = openEcrApi({
      url: entry.url,
      credentials: entry.credentials,
      rates,
      clock: this.#clock,
      ...(region === undefined ? {} : { region }),
    });
    const credentials = openCloudCredentials(() => api.getAuthorization(), this.#clock);
    const account = { api, credentials, rates, questions: openEcrQuestions(api, this.#clock) };
    this.#accounts.set(key, account);
    return account;
  }

  close(): void {
    for (const { api } of this.#accounts.values()) api.close();
  }
}
