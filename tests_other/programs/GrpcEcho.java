// grpc-java against the tests' echo service: `java GrpcEcho HOST:PORT`. Says what came of each kind of call.
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public class GrpcEcho {
    static final String END = "\0";

    static final class Raw implements MethodDescriptor.Marshaller<byte[]> {
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
        }
    }

    static byte[] encode(String text, int count) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.write(10);
        out.write(bytes.length);
        out.writeBytes(bytes);
        if (count > 0) {
            out.write(16);
            out.write(count & 127 | 128);
            out.write(count >> 7);
        }
        return out.toByteArray();
    }

    static String decode(byte[] data) {
        return data.length > 1 && data[0] == 10 ? new String(data, 2, data[1], StandardCharsets.UTF_8) : "";
    }

    static MethodDescriptor<byte[], byte[]> method(String name, MethodDescriptor.MethodType type) {
        return MethodDescriptor.<byte[], byte[]>newBuilder().setType(type)
            .setFullMethodName("dragoman.tests.echo.Echo/" + name)
            .setRequestMarshaller(new Raw()).setResponseMarshaller(new Raw()).build();
    }

    static CallOptions within(long ms) {
        return CallOptions.DEFAULT.withDeadlineAfter(ms, TimeUnit.MILLISECONDS);
    }

    static String say(Channel channel, String text, long ms) {
        MethodDescriptor<byte[], byte[]> say = method("Say", MethodDescriptor.MethodType.UNARY);
        try {
            return decode(ClientCalls.blockingUnaryCall(channel, say, within(ms), encode(text, 0)));
        } catch (StatusRuntimeException error) {
            return error.getStatus().getCode().value() + " " + error.getStatus().getDescription();
        }
    }

    static StreamObserver<byte[]> into(BlockingQueue<String> heard) {
        return new StreamObserver<>() {
            public void onNext(byte[] data) {
                heard.add(decode(data));
            }

            public void onError(Throwable error) {
                heard.add(error.toString());
            }

            public void onCompleted() {
                heard.add(END);
            }
        };
    }

    public static void main(String[] arguments) throws Exception {
        ManagedChannel channel = Grpc.newChannelBuilder(arguments[0], InsecureChannelCredentials.create()).build();
        System.out.println("say " + say(channel, "hi", 20000));
        Iterator<byte[]> split = ClientCalls.blockingServerStreamingCall(channel,
            method("Split", MethodDescriptor.MethodType.SERVER_STREAMING), within(20000), encode("x", 1000));
        int count = 0;
        while (split.hasNext()) {
            split.next();
            count++;
        }
        System.out.println("split " + count);
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        StreamObserver<byte[]> join = ClientCalls.asyncClientStreamingCall(
            channel.newCall(method("Join", MethodDescriptor.MethodType.CLIENT_STREAMING), within(20000)), into(heard));
        for (String text : List.of("a", "b", "c")) join.onNext(encode(text, 0));
        join.onCompleted();
        System.out.println("join " + heard.take());
        heard.take();
        StreamObserver<byte[]> talk = ClientCalls.asyncBidiStreamingCall(
            channel.newCall(method("Talk", MethodDescriptor.MethodType.BIDI_STREAMING), within(20000)), into(heard));
        List<String> said = new ArrayList<>();
        for (String text : List.of("a", "b", "c")) {
            talk.onNext(encode(text, 0));
            said.add(heard.take());
        }
        talk.onCompleted();
        if (!heard.take().equals(END)) said.add("no end");
        System.out.println("talk " + String.join(" ", said));
        System.out.println("fail " + say(channel, "fail", 20000));
        System.out.println("late " + say(channel, "wait", 200).substring(0, 1));
        channel.shutdownNow();
    }
}
