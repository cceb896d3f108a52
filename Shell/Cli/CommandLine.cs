using System.CommandLine;
using Nitro.Cli.Demo;
using Nitro.Cli.Journal;
using Nitro.Cli.Node;
using Nitro.Cli.Rpc;
using Nitro.Cli.Signer;
using Nitro.Cli.Sim;

namespace Nitro.Cli;

/// <summary>The command line: what <c>nitro --help</c> lists.</summary>
internal static class CommandLine
{
    private const string About =
        """
        Nitro: a state-channel node for Ethereum.

        Two parties lock money in a ledger channel on chain, and pay each other, or others through an intermediary, by signed
        messages alone: instantly and without fees. The chain is needed again only to take the money out.

          nitro demo                                   the whole story on a chain of its own, in under two minutes
          nitro node --config nitro.json               run a node; Ctrl-C ends it cleanly
          nitro node --signer remote                   run one without keys, and beside it:
          nitro signer --node unix:///…/signer.sock    the signer that holds them
          nitro pair                                   a signer on another machine: prints the code for its --pair
          nitro device new phone.key                   a key to sign calls with: nitro rpc --sign-with phone.key ...
          nitro rpc get-address                        talk to a running node (127.0.0.1:4005 unless --endpoint says otherwise)
          nitro rpc create-ledger-channel 0xPEER --amount 1ether --their-amount 0.5ether
          nitro rpc create-payment-channel 0xPAYEE --through 0xPEER --amount 0.1ether
          nitro rpc pay 0xCHANNEL 10gwei
          nitro journal why 0xCHANNEL                  a channel's story; also: verify, tail, at, export, compact, bundle
          nitro restore                                a journal that was lost: from its replica, a copy, or its peers
          nitro sim --minutes 10                       whole networks in one process, with faults: does a check break?

        'nitro <command> --help' and 'nitro rpc <method> --help' tell the rest. Exit code: 0 done, 1 not done (and why, on stderr).
        """;

    /// <summary>A fresh tree of commands.</summary>
    public static RootCommand Create() => new(About)
    {
        DemoCommand.Create(), NodeCommand.Create(), SignerCommand.Create(), PairCommand.Create(), DeviceCommand.Create(), RpcCommand.Create(),
        JournalCommand.Create(), RestoreCommand.Create(), SimCommand.Create(),
    };
}
