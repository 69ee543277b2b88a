import './workers.js';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './page.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createRoot } from 'react-dom/client';

// The router writes the path of its GraphQL endpoint into the page.
const endpoint = document.querySelector('meta[name="graphql-endpoint"]').content;
const url = new URL(endpoint, window.location.href);
const subscriptionUrl = new URL(url);
subscriptionUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

// Headers of the editor travel with each HTTP request, and in the payload of `connection_init` over WebSocket.
const fetcher = createGraphiQLFetcher({ url: url.href, subscriptionUrl: subscriptionUrl.href });

const welcome = `# Write a query, a mutation or a subscription,
# and run it with Ctrl-Enter.
#
# To act as a signed-in user, paste an access
# token into the "Headers" tab below:
#
#   { "authorization": "Bearer <token>" }
#
# Subscriptions run over a WebSocket on the same
# address, with the same headers.

query WhatIsHere {
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
  }
}
`;

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={welcome}
    defaultHeaders={'{\n  "authorization": ""\n}'}
    defaultEditorToolsVisibility="headers"
  />,
);
