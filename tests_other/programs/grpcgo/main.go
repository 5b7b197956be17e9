// grpc-go against the tests' echo service: `grpcgo HOST:PORT`. Says what came of each kind of call.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *(v.(*[]byte)), nil }
func (raw) Unmarshal(data []byte, v any) error { *(v.(*[]byte)) = append([]byte{}, data...); return nil }
func (raw) Name() string                       { return "proto" }

func encode(text string, count int) *[]byte {
	data := append([]byte{10, byte(len(text))}, text...)
	if count > 0 {
		data = append(data, 16, byte(count&127|128), byte(count>>7))
	}
	return &data
}

func decode(data []byte) string {
	if len(data) > 1 && data[0] == 10 {
		return string(data[2 : 2+int(data[1])])
	}
	return ""
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func path(method string) string { return "/dragoman.tests.echo.Echo/" + method }

func say(connection *grpc.ClientConn, text string, within time.Duration) string {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var answer []byte
	if err := connection.Invoke(ctx, path("Say"), encode(text, 0), &answer); err != nil {
		found := status.Convert(err)
		return fmt.Sprintf("%d %s", found.Code(), found.Message())
	}
	return decode(answer)
}

func stream(connection *grpc.ClientConn, method string) grpc.ClientStream {
	kind := &grpc.StreamDesc{StreamName: method, ServerStreams: true, ClientStreams: true}
	ctx, _ := context.WithTimeout(context.Background(), 20*time.Second)
	made, err := connection.NewStream(ctx, kind, path(method))
	check(err)
	return made
}

func heard(from grpc.ClientStream) []string {
	var all []string
	for {
		var answer []byte
		err := from.RecvMsg(&answer)
		if err == io.EOF {
			return all
		}
		check(err)
		all = append(all, decode(answer))
	}
}

func main() {
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))
	check(err)
	fmt.Println("say", say(connection, "hi", 20*time.Second))
	split := stream(connection, "Split")
	check(split.SendMsg(encode("x", 1000)))
	check(split.CloseSend())
	fmt.Println("split", len(heard(split)))
	join := stream(connection, "Join")
	for _, text := range []string{"a", "b", "c"} {
		check(join.SendMsg(encode(text, 0)))
	}
	check(join.CloseSend())
	fmt.Println("join", strings.Join(heard(join), "/"))
	talk := stream(connection, "Talk")
	var said []string
	for _, text := range []string{"a", "b", "c"} {
		check(talk.SendMsg(encode(text, 0)))
		var answer []byte
		check(talk.RecvMsg(&answer))
		said = append(said, decode(answer))
	}
	check(talk.CloseSend())
	said = append(said, heard(talk)...)
	fmt.Println("talk", strings.Join(said, " "))
	fmt.Println("fail", say(connection, "fail", 20*time.Second))
	fmt.Println("late", say(connection, "wait", 200*time.Millisecond)[:1])
}
