// cloud.google.com/go/cloudtasks: the modes of cloudtasks.js, `cloudtasksgo HOST:PORT MODE QUEUE COUNT`.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	pb "cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const parent = "projects/default/locations/local"
const tomorrow = 24 * time.Hour

type run struct {
	ctx    context.Context
	client *cloudtasks.Client
	name   string
	count  int
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func expect(is bool, what string, found any) {
	if !is {
		panic(fmt.Sprintf("not so: %s: %v", what, found))
	}
}

func value(number int) string { return fmt.Sprintf("value-%d", number) }

type seen struct {
	body   string
	header http.Header
}

// A server that says `answer` to each request, and a channel of what it took.
func serve(answer func(seen) int) (*httptest.Server, chan seen) {
	taken := make(chan seen, 1000)
	return httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		found := seen{string(body), request.Header}
		code := answer(found)
		response.WriteHeader(code)
		if code == 200 {
			taken <- found
		}
	})), taken
}

func (r run) create(id, url string, after time.Duration) (string, error) {
	request := &pb.HttpRequest{Url: url, HttpMethod: pb.HttpMethod_POST, Body: []byte(id)}
	task := &pb.Task{Name: r.name + "/tasks/" + id, MessageType: &pb.Task_HttpRequest{HttpRequest: request}}
	if after > 0 {
		task.ScheduleTime = timestamppb.New(time.Now().Add(after))
	}
	made, err := r.client.CreateTask(r.ctx, &pb.CreateTaskRequest{Parent: r.name, Task: task})
	if err != nil {
		return "", err
	}
	return made.Name, nil
}

func (r run) made(id, url string, after time.Duration) string {
	name, err := r.create(id, url, after)
	check(err)
	return name
}

func (r run) listed() int {
	found := r.client.ListTasks(r.ctx, &pb.ListTasksRequest{Parent: r.name, PageSize: 7})
	for count := 0; ; count++ {
		if _, err := found.Next(); err == iterator.Done {
			return count
		} else {
			check(err)
		}
	}
}

func (r run) queue(queue *pb.Queue) {
	queue.Name = r.name
	_, err := r.client.CreateQueue(r.ctx, &pb.CreateQueueRequest{Parent: parent, Queue: queue})
	check(err)
}

func (r run) tasks() {
	r.queue(&pb.Queue{RetryConfig: &pb.RetryConfig{MinBackoff: durationpb.New(50 * time.Millisecond)}})
	var once sync.Once
	server, taken := serve(func(found seen) int {
		code := 200
		if found.body == value(0) {
			once.Do(func() { code = 503 })
		}
		return code
	})
	_, err := r.client.PauseQueue(r.ctx, &pb.PauseQueueRequest{Name: r.name})
	check(err)
	for number := range r.count - 2 {
		r.made(value(number), server.URL, 0)
	}
	r.made(value(r.count-2), server.URL, time.Second)
	last := r.made(value(r.count-1), server.URL, tomorrow)
	gone := r.made("deleted", server.URL, 0)
	expect(r.listed() == r.count+1, "all are listed", r.listed())
	check(r.client.DeleteTask(r.ctx, &pb.DeleteTaskRequest{Name: gone}))
	told, err := r.client.GetTask(r.ctx, &pb.GetTaskRequest{Name: last, ResponseView: pb.Task_FULL})
	check(err)
	expect(string(told.GetHttpRequest().Body) == value(r.count-1), "the body in a FULL view", told)
	_, err = r.client.ResumeQueue(r.ctx, &pb.ResumeQueueRequest{Name: r.name})
	check(err)
	_, err = r.client.RunTask(r.ctx, &pb.RunTaskRequest{Name: last})
	check(err)
	for range r.count {
		found := <-taken
		fmt.Println(found.body)
		if found.body == value(0) {
			expect(found.header.Get("X-CloudTasks-TaskRetryCount") == "1", "a retry", found.header)
		}
	}
	_, err = r.create(value(0), server.URL, 0)
	expect(status.Code(err) == codes.AlreadyExists, "the name of a task that is over", err)
}

func (r run) feed() {
	server, taken := serve(func(seen) int { return 200 })
	at, err := url.Parse(server.URL)
	check(err)
	port, err := strconv.ParseInt(at.Port(), 10, 64)
	check(err)
	host, scheme := at.Hostname(), pb.UriOverride_HTTP
	override := &pb.UriOverride{Scheme: &scheme, Host: &host, Port: &port}
	r.queue(&pb.Queue{HttpTarget: &pb.HttpTarget{UriOverride: override}})
	for range r.count {
		fmt.Println((<-taken).body)
	}
}

func (r run) later() {
	r.queue(&pb.Queue{})
	for number := range r.count {
		r.made(value(number), "http://127.0.0.1:1/", tomorrow)
	}
	expect(r.listed() == r.count, "all wait", r.listed())
	_, err := r.client.PurgeQueue(r.ctx, &pb.PurgeQueueRequest{Name: r.name})
	check(err)
	expect(r.listed() == 0, "none is left", r.listed())
	check(r.client.DeleteQueue(r.ctx, &pb.DeleteQueueRequest{Name: r.name}))
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	client, err := cloudtasks.NewClient(ctx, option.WithEndpoint(os.Args[1]), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	check(err)
	count, err := strconv.Atoi(os.Args[4])
	check(err)
	made := run{ctx, client, parent + "/queues/" + os.Args[3], count}
	map[string]func(){"tasks": made.tasks, "feed": made.feed, "later": made.later}[os.Args[2]]()
}
