import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (dir: string, ...args: string[]): void => {
  execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
};

const authority = (dir: string, name: string): void =>
  openssl(
    dir,
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-keyout', `${name}-key.pem`, '-out', `${name}.pem`],
    ...['-addext', 'basicConstraints=critical,CA:true', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  );

const signed = (dir: string, ca: string, name: string, names: string): void => {
  writeFileSync(join(dir, `${name}.ext`), `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
  openssl(
    dir,
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`],
    ...['-keyout', `${name}-key.pem`, '-out', `${name}.csr`],
  );
  openssl(
    dir,
    ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${ca}.pem`, '-CAkey', `${ca}-key.pem`, '-CAcreateserial'],
    ...['-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
  );
};

/** A CA with a server's certificate (for 127.0.0.1 and cassandra.test) and a client's, another CA with a client's, and the
 *  key stores that Java reads. */
export const makeCertificates = (dir: string): void => {
  authority(dir, 'ca');
  signed(dir, 'ca', 'server', 'DNS:cassandra.test,IP:127.0.0.1');
  signed(dir, 'ca', 'client', 'DNS:client');
  authority(dir, 'other-ca');
  signed(dir, 'other-ca', 'other-client', 'DNS:client');
  const password = 'pass:chat-messaging';
  openssl(
    dir,
    ...[
      'pkcs12',
      '-export',
      '-in',
      'server.pem',
      '-inkey',
      'server-key.pem',
      '-out',
      'server.p12',
      '-passout',
      password,
    ],
  );
  execFileSync(
    'keytool',
    [
      ...['-importcert', '-noprompt', '-alias', 'ca', '-file', 'ca.pem', '-keystore', 'trust.p12'],
      ...['-storetype', 'PKCS12', '-storepass', 'chat-messaging'],
    ],
    { cwd: dir, stdio: 'pipe' },
  );
};
