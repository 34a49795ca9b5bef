const { GraphQLClient, gql, request } = require('graphql-request')
const { WORLD, failure, serve } = require('../checks')

const QUERY = gql`query Guest($id: ID!) { guest(id: $id) { name } }`
serve({
  checks: {
    request: () => request(`${WORLD}/graphql`, QUERY, { id: 1 }),
    client: () => new GraphQLClient(`${WORLD}/graphql`, { headers: { authorization: 'Bearer t' } }).request(QUERY, { id: 2 }),
    error: () => failure(() => request(`${WORLD}/graphql`, '{ bad }')).then(({ failed }) => failed.message.split(':')[0]),
    raw: () => new GraphQLClient(`${WORLD}/graphql`).rawRequest(QUERY, { id: 3 }).then(({ data, status }) => [data, status]),
    batch: () => failure(() => new GraphQLClient('https://nobody.invalid/graphql').request(QUERY, { id: 1 })).then(({ failed }) => failed.name),
  },
})
