import { brokerContract } from '../contract/broker.contract.ts';
import { rabbitmqHarness, rabbitmqUrl } from './rabbitmq-harness.ts';

rabbitmqUrl(); // fails the file, and does not skip it, when there is none
brokerContract('RabbitMQ', rabbitmqHarness);
