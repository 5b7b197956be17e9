// lapin: produce or consume COUNT messages of a queue, in order.
//
//	program HOST:PORT produce|consume QUEUE COUNT
use futures_util::StreamExt;
use lapin::{options::*, types::FieldTable, BasicProperties, Channel, Connection, ConnectionProperties};
use std::{env, error::Error, time::Duration};

const PATIENCE: Duration = Duration::from_secs(40);

async fn produce(channel: &Channel, queue: &str, count: usize) -> Result<(), Box<dyn Error>> {
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    for number in 0..count {
        let body = format!("value-{number}");
        let properties = BasicProperties::default().with_delivery_mode(2);
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let confirm = channel.basic_publish("".into(), queue.into(), options, body.as_bytes(), properties).await?;
        if !confirm.await?.is_ack() {
            return Err(format!("{body} was not confirmed").into());
        }
    }
    Ok(())
}

async fn consume(channel: &Channel, queue: &str, count: usize) -> Result<(), Box<dyn Error>> {
    channel.basic_qos(10, BasicQosOptions::default()).await?;
    let mut consumer =
        channel.basic_consume(queue.into(), "lapin".into(), BasicConsumeOptions::default(), FieldTable::default()).await?;
    for _ in 0..count {
        let delivery = tokio::time::timeout(PATIENCE, consumer.next()).await?.ok_or("the consumer has ended")??;
        println!("{}", String::from_utf8(delivery.data.clone())?);
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let (address, mode, queue) = (&arguments[1], &arguments[2], &arguments[3]);
    let count: usize = arguments[4].parse()?;
    let url = format!("amqp://guest:guest@{address}/%2f");
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await?;
    if mode == "produce" {
        produce(&channel, queue, count).await?;
    } else {
        consume(&channel, queue, count).await?;
    }
    connection.close(200, "done".into()).await?;
    Ok(())
}
