// The Go client of RabbitMQ's own makers: produce or consume COUNT messages of a queue, in order.
//
//	program HOST:PORT produce|consume QUEUE COUNT
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const patience = 40 * time.Second

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func produce(ctx context.Context, channel *amqp.Channel, queue string, count int) {
	must(channel.Confirm(false))
	confirms := make([]*amqp.DeferredConfirmation, 0, count)
	for number := 0; number < count; number++ {
		message := amqp.Publishing{
			DeliveryMode: amqp.Persistent,
			Body:         []byte(fmt.Sprintf("value-%d", number)),
		}
		confirm, err := channel.PublishWithDeferredConfirmWithContext(ctx, "", queue, true, false, message)
		must(err)
		confirms = append(confirms, confirm)
	}
	for _, confirm := range confirms {
		accepted, err := confirm.WaitContext(ctx)
		must(err)
		if !accepted {
			must(fmt.Errorf("a publish was refused"))
		}
	}
}

func consume(ctx context.Context, channel *amqp.Channel, queue string, count int) {
	must(channel.Qos(10, 0, false))
	deliveries, err := channel.ConsumeWithContext(ctx, queue, "", false, false, false, false, nil)
	must(err)
	for number := 0; number < count; number++ {
		select {
		case delivery := <-deliveries:
			fmt.Println(string(delivery.Body))
			must(delivery.Ack(false))
		case <-ctx.Done():
			must(ctx.Err())
		}
	}
}

func main() {
	address, mode, queue := os.Args[1], os.Args[2], os.Args[3]
	count, err := strconv.Atoi(os.Args[4])
	must(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	connection, err := amqp.Dial("amqp://guest:guest@" + address + "/")
	must(err)
	channel, err := connection.Channel()
	must(err)
	_, err = channel.QueueDeclare(queue, true, false, false, false, nil)
	must(err)
	if mode == "produce" {
		produce(ctx, channel, queue, count)
	} else {
		consume(ctx, channel, queue, count)
	}
	must(connection.Close())
}
