/** The environment that a service speaks to the doubles of both clouds with. */
export const DOUBLE_KEYS = {
  AWS_ACCESS_KEY_ID: 'AKIDTEST',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_EC2_METADATA_DISABLED: 'true',
  ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAITEST',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret',
};
