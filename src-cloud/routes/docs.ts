import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { CloudContext } from '../context.ts';

const PREFIX = '/docs';

/**
 * `/docs` (a page whose assets come from here) and `/docs/json` (OpenAPI, made from the zod schemas of the routes). Each
 * operation says its level as `x-level`. Call it before any route is added.
 */
export async function registerDocs(app: FastifyInstance, ctx: CloudContext): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (route.url === PREFIX || route.url.startsWith(`${PREFIX}/`)) route.config = { ...route.config, level: 'public' };
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'ChefCloud',
        version: ctx.version,
        description:
          'Every error is `{code, message, path?}`. `x-level`: the least level that may call; `device`: a terminal.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'chefcloud_access' },
        },
      },
      security: [{ bearer: [] }, { cookie: [] }],
    },
    transform: (data) => {
      const { schema, url } = jsonSchemaTransform(data);
      const level = data.route.config?.level;
      const access = level === 'public' ? { security: [] } : {};
      return { schema: { ...schema, ...access, 'x-level': level }, url };
    },
  });
  await app.register(swaggerUi, { routePrefix: PREFIX, staticCSP: true, uiConfig: { validatorUrl: null } });
}
