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

const certificateProblem = /CERT|ERR_TLS|ERR_OSSL|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;
/** What a server says to a client, by TLS 1.3 and before. */
const clientCertificateProblem =
  /^ERR_SSL_.*(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|UNKNOWN_CA|BAD_CERTIFICATE|ALERT_.*CERTIFICATE)/;

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
  return tlsRefusal(String(error.code ?? ''), where);
};

const tlsRefusal = (code: string, where: string): string | undefined => {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `The certificate of ${where} is for another host: connect by a name that is in the certificate, or give the broker one with this name.`;
  }
  if (clientCertificateProblem.test(code)) {
    return `RabbitMQ at ${where} does not accept our client certificate, or misses one (${code}): set RABBITMQ_TLS_CERT_FILE and RABBITMQ_TLS_KEY_FILE to one of a CA that it trusts.`;
  }
  if (certificateProblem.test(code)) {
    return `The certificate of ${where} is not trusted (${code}): set RABBITMQ_TLS_CA_FILE to the CA that has signed it.`;
  }
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return `The server at ${where} does not speak TLS on that port; use amqp:// or the TLS port.`;
  }
  return undefined;
};
