import type { Module, Services } from '../services.ts';
import { createCalendarGroupsModule } from './calendar-groups.ts';
import { createCalendarsModule } from './calendars.ts';
import { createCompaniesModule } from './companies.ts';
import { createContactExtrasModule } from './contact-extras.ts';
import { createContactsModule } from './contacts.ts';
import { createCustomFieldsModule } from './custom-fields.ts';
import { createCustomValuesModule } from './custom-values.ts';
import { createLocationsModule } from './locations.ts';
import { createMarketplaceModule } from './marketplace.ts';
import { createOauthModule } from './oauth.ts';
import { createOpportunitiesModule } from './opportunities.ts';
import { createPaymentsModule } from './payments.ts';
import { createPipelinesModule } from './pipelines.ts';
import { createSnapshotsModule } from './snapshots.ts';
import { createTagsModule } from './tags.ts';
import { createUsersModule } from './users.ts';
import { createWorkflowsModule } from './workflows.ts';

/** Every area of the API that the sandbox knows. */
export function createModules(services: Services): readonly Module[] {
  const modules: Module[] = [];
  modules.push(
    createCompaniesModule(services),
    createLocationsModule(services, () => modules),
    createSnapshotsModule(services, () => modules),
    createUsersModule(services),
    createOauthModule(services),
    createMarketplaceModule(services),
    createCustomValuesModule(services),
    createCustomFieldsModule(services),
    createTagsModule(services),
    createCalendarGroupsModule(services),
    createCalendarsModule(services),
    createPipelinesModule(services),
    createWorkflowsModule(services),
    createContactsModule(services),
    createContactExtrasModule(services),
    createOpportunitiesModule(services),
    createPaymentsModule(services),
  );
  return modules;
}
