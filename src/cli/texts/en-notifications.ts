/** Notifications, as the command line speaks of them. */
export const enNotifications = {
  columns: { receiver: 'RECEIVER', kind: 'KIND', events: 'EVENTS', images: 'IMAGES', by: 'BY', id: 'ID' },
  deliveryColumns: { at: 'WHEN', receiver: 'RECEIVER', state: 'STATE', attempts: 'ATTEMPTS', text: 'NOTICE' },
  configuration: 'configuration',
  none: 'nobody is told of anything: notify in the configuration names receivers, and "entrepot notifications subscribe" uses them',
  noDeliveries: 'no notices',
  subscribed: (receiver: string, id: string) => `${receiver} is told from now on (${id}).`,
  unsubscribed: (receiver: string, id: string) => `${receiver} is told no more by ${id}.`,
  testing: (receiver: string) =>
    `A test is on its way to ${receiver}; "entrepot notifications deliveries" says what became of it.`,
};

/** Their help. */
export const notificationsHelp = {
  notifications: {
    summary: 'who is told what happens',
    description: 'Lists the subscriptions, those of the configuration first.',
    examples: ['entrepot notifications'],
  },
  subscribe: {
    summary: 'have a receiver told of events',
    description: 'Has a receiver of the configuration told of events.',
    receiver: 'one of notify.receivers in the configuration',
    event: 'an event such as transfer.failed (may be repeated; default: all)',
    image: 'image or pattern (may be repeated; default: all)',
    examples: ['entrepot notifications subscribe team-slack --event push.failed --image "team/*"'],
  },
  unsubscribe: {
    summary: 'take a subscription back',
    description: 'Takes a subscription back that was made by "subscribe".',
    id: 'id of the subscription',
    examples: ['entrepot notifications unsubscribe sub_01…'],
  },
  deliveries: {
    summary: 'what was told, and whether it arrived',
    description: 'Lists notices, newest first, with the last error of those that did not arrive yet.',
    receiver: 'only those to this receiver',
    state: 'only pending, delivered or failed ones',
    limit: 'how many at most (default: 50)',
    examples: ['entrepot notifications deliveries --state failed'],
  },
  test: {
    summary: 'send a receiver a test',
    description: 'Sends a receiver of the configuration a notice that says that it is a test.',
    receiver: 'one of notify.receivers in the configuration',
    examples: ['entrepot notifications test team-slack'],
  },
};
