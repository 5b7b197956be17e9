// sarama. HOST:PORT comes first, then what to do; one line a finding, and the exit status is 0 when all of it worked.
//
//	produce TOPIC COUNT   value-0, value-1 ... to partition 0, idempotent, by lz4
//	consume TOPIC COUNT   prints COUNT values of a group of one, and commits
//	transact TOPIC COUNT  COUNT values as value-N, twice as many as lost-N in transactions that are aborted
//	admin TOPIC COUNT     a topic of COUNT partitions is made, measured, changed and deleted
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/IBM/sarama"
)

const deadline = 40 * time.Second

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func settings() *sarama.Config {
	made := sarama.NewConfig()
	made.Version = sarama.MaxVersion
	made.Producer.Return.Successes = true
	made.Producer.RequiredAcks = sarama.WaitForAll
	made.Producer.Idempotent = true
	made.Net.MaxOpenRequests = 1
	made.Producer.Partitioner = sarama.NewManualPartitioner
	made.Consumer.Offsets.Initial = sarama.OffsetOldest
	made.Consumer.IsolationLevel = sarama.ReadCommitted
	made.Consumer.Offsets.AutoCommit.Enable = false
	return made
}

func messages(topic, word string, count int) []*sarama.ProducerMessage {
	found := make([]*sarama.ProducerMessage, count)
	for number := range found {
		value := sarama.StringEncoder(fmt.Sprintf("%s-%d", word, number))
		header := sarama.RecordHeader{Key: []byte("number"), Value: []byte(strconv.Itoa(number))}
		found[number] = &sarama.ProducerMessage{Topic: topic, Value: value, Headers: []sarama.RecordHeader{header}}
	}
	return found
}

func producer(config *sarama.Config) sarama.SyncProducer {
	made, err := sarama.NewSyncProducer([]string{os.Args[1]}, config)
	check(err)
	return made
}

func produce(topic string, count int) {
	config := settings()
	config.Producer.Compression = sarama.CompressionLZ4
	made := producer(config)
	check(made.SendMessages(messages(topic, "value", count)))
	check(made.Close())
}

type reader struct {
	left int
	done func()
}

func (*reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (*reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (r *reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for r.left > 0 {
		select {
		case message, open := <-claim.Messages():
			if !open {
				return nil
			}
			fmt.Println(string(message.Value))
			session.MarkMessage(message, "")
			r.left--
		case <-session.Context().Done():
			return nil
		}
	}
	session.Commit()
	r.done()
	return nil
}

func consume(ctx context.Context, topic string, count int) {
	group, err := sarama.NewConsumerGroup([]string{os.Args[1]}, "sarama-"+topic, settings())
	check(err)
	reading, stop := context.WithCancel(ctx)
	for work := (&reader{count, stop}); work.left > 0; {
		if err := group.Consume(reading, []string{topic}, work); !errors.Is(err, context.Canceled) {
			check(err)
		}
	}
	check(group.Close())
}

func transact(topic string, count int) {
	config := settings()
	config.Producer.Transaction.ID = "sarama-" + topic
	made := producer(config)
	for _, word := range []string{"lost", "value", "lost"} {
		check(made.BeginTxn())
		check(made.SendMessages(messages(topic, word, count)))
		if word == "lost" {
			check(made.AbortTxn())
		} else {
			check(made.CommitTxn())
		}
	}
	check(made.Close())
}

func admin(topic string, count int) {
	connected, err := sarama.NewClient([]string{os.Args[1]}, settings())
	check(err)
	operator, err := sarama.NewClusterAdminFromClient(connected)
	check(err)
	kept := "1000000"
	detail := sarama.TopicDetail{NumPartitions: int32(count), ReplicationFactor: 3, ConfigEntries: map[string]*string{"retention.ms": &kept}}
	check(operator.CreateTopic(topic, &detail, false))
	described, err := operator.DescribeTopics([]string{topic})
	check(err)
	fmt.Println("partitions", len(described[0].Partitions))
	made := producer(settings())
	check(made.SendMessages(messages(topic, "value", 3)))
	check(made.Close())
	changed := "2000000"
	entry := sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &changed}
	check(operator.IncrementalAlterConfig(sarama.TopicResource, topic, map[string]sarama.IncrementalAlterConfigsEntry{"retention.ms": entry}, false))
	resource := sarama.ConfigResource{Type: sarama.TopicResource, Name: topic, ConfigNames: []string{"retention.ms"}}
	entries, err := operator.DescribeConfig(resource)
	check(err)
	fmt.Println(entries[0].Name, entries[0].Value)
	check(operator.DeleteRecords(topic, map[int32]int64{0: 2}))
	start, err := connected.GetOffset(topic, 0, sarama.OffsetOldest)
	check(err)
	end, err := connected.GetOffset(topic, 0, sarama.OffsetNewest)
	check(err)
	fmt.Println("offsets", start, end)
	name := "sarama-admin-" + topic
	manager, err := sarama.NewOffsetManagerFromClient(name, connected)
	check(err)
	place, err := manager.ManagePartition(topic, 0)
	check(err)
	place.MarkOffset(end-1, "")
	manager.Commit()
	check(manager.Close())
	committed, err := operator.ListConsumerGroupOffsets(name, map[string][]int32{topic: {0}})
	check(err)
	fmt.Println("lag", end-committed.GetBlock(topic, 0).Offset)
	check(operator.DeleteConsumerGroup(name))
	check(operator.DeleteTopic(topic))
	err = operator.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 0, ReplicationFactor: 1}, false)
	fmt.Println("refused", errors.Is(err, sarama.ErrInvalidPartitions))
	check(operator.Close())
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	topic := os.Args[3]
	count, err := strconv.Atoi(os.Args[4])
	check(err)
	switch os.Args[2] {
	case "produce":
		produce(topic, count)
	case "consume":
		consume(ctx, topic, count)
	case "transact":
		transact(topic, count)
	case "admin":
		admin(topic, count)
	}
}
