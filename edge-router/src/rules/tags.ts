/** On every contact that was delivered: what HighLevel tells us of making such a contact is our own echo. */
export const DELIVERED_TAG = 'switchyard-lead';

/** On the contact of a lead that was given to another location. */
export const REASSIGNED_TAG = 'reassigned';
