using Countersign.Bench;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;

try
{
    return args switch
    {
        ["run", .. var rest] => await RunCommand.RunAsync(rest),
        _ => throw new UsageException("The first argument is run."),
    };
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (Exception e) when (e is BenchException or OddAnswerException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
