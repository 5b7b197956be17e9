// franz-go. HOST:PORT comes first, then what to do; one line a finding, and the exit status is 0 when all of it worked.
//
//	produce TOPIC COUNT   value-0, value-1 ... to partition 0, idempotent, by zstd
//	consume TOPIC COUNT   prints COUNT values of a group of one, and commits
//	assigned TOPIC COUNT  the same in a group that the broker assigns (KIP-848)
//	share TOPIC COUNT     the same in a share group (KIP-932), from the start
//	transact TOPIC COUNT  COUNT values as value-N, twice as many as lost-N in transactions that are aborted
//	admin TOPIC COUNT     a topic of COUNT partitions is made, measured, changed and deleted
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const deadline = 40 * time.Second

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func client(options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append(options, kgo.SeedBrokers(os.Args[1]), kgo.AllowAutoTopicCreation())...)
	check(err)
	return made
}

func records(topic, word string, count int) []*kgo.Record {
	found := make([]*kgo.Record, count)
	for number := range found {
		value := []byte(fmt.Sprintf("%s-%d", word, number))
		header := kgo.RecordHeader{Key: "number", Value: []byte(strconv.Itoa(number))}
		found[number] = &kgo.Record{Topic: topic, Value: value, Headers: []kgo.RecordHeader{header}}
	}
	return found
}

func produce(ctx context.Context, topic string, count int) {
	codec := kgo.ProducerBatchCompression(kgo.ZstdCompression())
	made := client(kgo.RecordPartitioner(kgo.ManualPartitioner()), codec)
	defer made.Close()
	check(made.ProduceSync(ctx, records(topic, "value", count)...).FirstErr())
}

func consume(ctx context.Context, topic string, count int, options ...kgo.Opt) {
	start := kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())
	committed := kgo.FetchIsolationLevel(kgo.ReadCommitted())
	made := client(append(options, kgo.ConsumeTopics(topic), start, committed, kgo.DisableAutoCommit())...)
	defer made.Close()
	for seen := 0; seen < count; {
		fetched := made.PollFetches(ctx)
		for _, failed := range fetched.Errors() {
			check(failed.Err)
		}
		fetched.EachRecord(func(record *kgo.Record) {
			fmt.Println(string(record.Value))
			seen++
		})
	}
	check(made.CommitUncommittedOffsets(ctx))
	check(made.LeaveGroupContext(ctx))
}

func share(ctx context.Context, topic string, count int) {
	made := client(kgo.ShareGroup("franz-"+topic), kgo.ConsumeTopics(topic))
	defer made.Close()
	for seen := 0; seen < count; {
		fetched := made.PollFetches(ctx)
		for _, failed := range fetched.Errors() {
			check(failed.Err)
		}
		fetched.EachRecord(func(record *kgo.Record) {
			fmt.Println(string(record.Value))
			record.Ack(kgo.AckAccept)
			seen++
		})
	}
}

func transact(ctx context.Context, topic string, count int) {
	manual := kgo.RecordPartitioner(kgo.ManualPartitioner())
	made := client(manual, kgo.TransactionalID("franz-"+topic))
	defer made.Close()
	for _, step := range []struct {
		word string
		end  kgo.TransactionEndTry
	}{{"lost", kgo.TryAbort}, {"value", kgo.TryCommit}, {"lost", kgo.TryAbort}} {
		check(made.BeginTransaction())
		check(made.ProduceSync(ctx, records(topic, step.word, count)...).FirstErr())
		check(made.EndTransaction(ctx, step.end))
	}
}

func admin(ctx context.Context, topic string, count int) {
	made := client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer made.Close()
	operator := kadm.NewClient(made)
	kept := map[string]*string{"retention.ms": kadm.StringPtr("1000000")}
	_, err := operator.CreateTopic(ctx, int32(count), 3, kept, topic)
	check(err)
	listed, err := operator.ListTopics(ctx, topic)
	check(err)
	fmt.Println("partitions", len(listed[topic].Partitions))
	check(made.ProduceSync(ctx, records(topic, "value", 3)...).FirstErr())
	_, err = operator.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: kadm.StringPtr("2000000")}}, topic)
	check(err)
	configured, err := operator.DescribeTopicConfigs(ctx, topic)
	check(err)
	for _, config := range configured[0].Configs {
		if config.Key == "retention.ms" {
			fmt.Println("retention.ms", config.MaybeValue())
		}
	}
	var before kadm.Offsets
	before.AddOffset(topic, 0, 2, -1)
	_, err = operator.DeleteRecords(ctx, before)
	check(err)
	starts, err := operator.ListStartOffsets(ctx, topic)
	check(err)
	ends, err := operator.ListEndOffsets(ctx, topic)
	check(err)
	start, _ := starts.Lookup(topic, 0)
	end, _ := ends.Lookup(topic, 0)
	fmt.Println("offsets", start.Offset, end.Offset)
	check(operator.CommitAllOffsets(ctx, "franz-admin-"+topic, ends.Offsets()))
	lags, err := operator.Lag(ctx, "franz-admin-"+topic)
	check(err)
	fmt.Println("lag", lags["franz-admin-"+topic].Lag.Total())
	_, err = operator.DeleteGroup(ctx, "franz-admin-"+topic)
	check(err)
	_, err = operator.DeleteTopic(ctx, topic)
	check(err)
	_, err = operator.CreateTopic(ctx, 0, 1, nil, topic)
	fmt.Println("refused", strings.SplitN(err.Error(), ":", 2)[0])
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	topic := os.Args[3]
	count, err := strconv.Atoi(os.Args[4])
	check(err)
	switch os.Args[2] {
	case "produce":
		produce(ctx, topic, count)
	case "consume":
		consume(ctx, topic, count, kgo.ConsumerGroup("franz-"+topic))
	case "assigned":
		consume(ctx, topic, count, kgo.ConsumerGroup("franz-assigned-"+topic),
			kgo.WithContext(context.WithValue(ctx, "opt_in_kafka_next_gen_balancer_beta", true)))
	case "share":
		share(ctx, topic, count)
	case "transact":
		transact(ctx, topic, count)
	case "admin":
		admin(ctx, topic, count)
	}
}
