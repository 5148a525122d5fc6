/** The administrator's token of services that tests start. */
export const TEST_TOKEN = 'test';
