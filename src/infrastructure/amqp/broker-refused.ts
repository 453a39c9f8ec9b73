/** The broker, or the URL, is set up so that trying again cannot help. The message says what to do, without credentials. */
export class BrokerRefused extends Error {
  override readonly name = 'BrokerRefused';
}

export type AmqpError = Error & { readonly code?: number | string };

/** The URL as it may be shown: without the password and the parameters. */
export const redactedUrl = (url: string): string => {
  const parts = URL.parse(url);
  if (parts === null) return 'the given URL';
  const user = parts.username === '' ? '' : `${parts.username}:***@`;
  return `${parts.protocol}//${user}${parts.host}${parts.pathname}`;
};

/** Fails on what can never be connected to. The URL is not repeated when it cannot be parsed: it may hold a password. */
export const checkUrl = (url: string): URL => {
  const parts = URL.parse(url);
  if (parts === null || parts.hostname === '') {
    throw new BrokerRefused('The RabbitMQ URL is not a URL; write it as amqp://user:password@host:5672/vhost.');
  }
  if (parts.protocol !== 'amqp:' && parts.protocol !== 'amqps:') {
    throw new BrokerRefused(`The RabbitMQ URL must begin with amqp:// or amqps://, not ${parts.protocol}//.`);
  }
  return parts;
};

const certificateProblem = /CERT|ERR_TLS|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;

/** The sentence for a refusal that time does not heal; undefined for a server that may come up later. */
export const refusalOf = (error: AmqpError, url: string): string | undefined => {
  const where = redactedUrl(url);
  if (/ACCESS[-_]REFUSED/.test(error.message)) {
    return `RabbitMQ refuses the user or password of ${where}; correct the credentials in the URL.`;
  }
  // amqplib does not give the text of a close that answers `connection.open`, so the vhost and the permission look the same.
  if (/NOT[-_]ALLOWED|Expected ConnectionOpenOk; got <ConnectionClose/.test(error.message)) {
    const vhost = decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
    return (
      `RabbitMQ does not let ${where} into the vhost "${vhost}": create it (rabbitmqctl add_vhost), ` +
      'give the user permissions on it (rabbitmqctl set_permissions), or name another one in the URL.'
    );
  }
  if (certificateProblem.test(String(error.code ?? ''))) {
    return `The TLS certificate of ${where} is not accepted (${error.code}); give its CA to Node (NODE_EXTRA_CA_CERTS) or correct the host name.`;
  }
  if (error.code === 'EPROTO')
    return `The server at ${where} does not speak TLS on that port; use amqp:// or the TLS port.`;
  return undefined;
};
