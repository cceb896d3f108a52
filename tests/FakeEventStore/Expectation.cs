using Nitro.EventStore.Protocol;

namespace Nitro.FakeEventStore;

/// <summary>What a writer expects of a stream: its last revision, or one of the words below, in the server's own numbers.</summary>
internal readonly record struct Expectation(long Revision)
{
    internal static readonly Expectation NoStream = new(-1);
    internal static readonly Expectation Any = new(-2);
    internal static readonly Expectation StreamExists = new(-4);

    internal static Expectation? Of(AppendReq.Types.Options options) => options.ExpectedStreamRevisionCase switch
    {
        AppendReq.Types.Options.ExpectedStreamRevisionOneofCase.Revision => new Expectation((long)options.Revision),
        AppendReq.Types.Options.ExpectedStreamRevisionOneofCase.NoStream => NoStream,
        AppendReq.Types.Options.ExpectedStreamRevisionOneofCase.Any => Any,
        AppendReq.Types.Options.ExpectedStreamRevisionOneofCase.StreamExists => StreamExists,
        _ => null,
    };

    internal static Expectation? Of(BatchAppendReq.Types.Options options) => options.ExpectedStreamPositionCase switch
    {
        BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase.StreamPosition => new Expectation((long)options.StreamPosition),
        BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase.NoStream => NoStream,
        BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase.Any => Any,
        BatchAppendReq.Types.Options.ExpectedStreamPositionOneofCase.StreamExists => StreamExists,
        _ => null,
    };

    internal static Expectation? Of(DeleteReq.Types.Options options) => options.ExpectedStreamRevisionCase switch
    {
        DeleteReq.Types.Options.ExpectedStreamRevisionOneofCase.Revision => new Expectation((long)options.Revision),
        DeleteReq.Types.Options.ExpectedStreamRevisionOneofCase.NoStream => NoStream,
        DeleteReq.Types.Options.ExpectedStreamRevisionOneofCase.Any => Any,
        DeleteReq.Types.Options.ExpectedStreamRevisionOneofCase.StreamExists => StreamExists,
        _ => null,
    };
}
