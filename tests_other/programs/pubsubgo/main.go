// cloud.google.com/go/pubsub/v2: the modes of pubsub.js, `pubsubgo HOST:PORT MODE TOPIC COUNT`.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

const project = "projects/default"

type run struct {
	ctx    context.Context
	client *pubsub.Client
	name   string
	count  int
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func (r run) topic() string { return project + "/topics/" + r.name }

func (r run) makeTopic() {
	_, err := r.client.TopicAdminClient.CreateTopic(r.ctx, &pb.Topic{Name: r.topic()})
	check(err)
}

func (r run) subscribe(id string, more *pb.Subscription) string {
	more.Name, more.Topic = project+"/subscriptions/"+id, r.topic()
	made, err := r.client.SubscriptionAdminClient.CreateSubscription(r.ctx, more)
	check(err)
	return made.Name
}

func (r run) publish() {
	publisher := r.client.Publisher(r.name)
	publisher.EnableMessageOrdering = true
	var sent []*pubsub.PublishResult
	for number := range r.count {
		parity := []string{"even", "odd"}[number%2]
		message := &pubsub.Message{
			Data:        []byte(fmt.Sprintf("value-%d", number)),
			OrderingKey: "k",
			Attributes:  map[string]string{"parity": parity},
		}
		sent = append(sent, publisher.Publish(r.ctx, message))
	}
	ids := map[string]bool{}
	for _, result := range sent {
		id, err := result.Get(r.ctx)
		check(err)
		ids[id] = true
	}
	if len(ids) != r.count {
		panic(fmt.Sprintf("%d ids", len(ids)))
	}
	publisher.Stop()
}

func (r run) receive(more *pb.Subscription) {
	r.makeTopic()
	name := r.subscribe(r.name+"-sub", more)
	r.publish()
	ctx, cancel := context.WithCancel(r.ctx)
	var lock sync.Mutex
	left := r.count
	check(r.client.Subscriber(name).Receive(ctx, func(_ context.Context, message *pubsub.Message) {
		if more.EnableExactlyOnceDelivery {
			status, err := message.AckWithResult().Get(r.ctx)
			check(err)
			if status != pubsub.AcknowledgeStatusSuccess {
				panic(fmt.Sprintf("an ack has the status %v", status))
			}
		} else {
			message.Ack()
		}
		lock.Lock()
		defer lock.Unlock()
		fmt.Println(string(message.Data))
		if left--; left == 0 {
			cancel()
		}
	}))
	cancel()
}

func main() {
	check(os.Setenv("PUBSUB_EMULATOR_HOST", os.Args[1]))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	client, err := pubsub.NewClient(ctx, "default")
	check(err)
	defer client.Close()
	count, err := strconv.Atoi(os.Args[4])
	check(err)
	r := run{ctx, client, os.Args[3], count}
	switch os.Args[2] {
	case "receive":
		r.receive(&pb.Subscription{EnableMessageOrdering: true})
	case "exactly":
		r.receive(&pb.Subscription{EnableExactlyOnceDelivery: true})
	default:
		r.makeTopic()
		r.subscribe(r.name, &pb.Subscription{}) // the queue of the topic's own name
		r.publish()
	}
}
